import { request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

interface RawRequest {
  port: number;
  method: string;
  path: string;
  headers: OutgoingHttpHeaders;
  body?: string | undefined;
}

/** Sends what no browser would to this machine: any header, any path. */
export function sendRaw({ body, ...options }: RawRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', ...options });
    outgoing.on('response', (response) => {
      text(response).then(
        (said) => resolve({ status: response.statusCode!, headers: response.headers, body: said }),
        reject,
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
