import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { patientFetch } from '../../../src/activities/http/patient-fetch.js';

const servers: net.Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

/** A server that answers and closes; it tells when it has. */
async function answering(body: string): Promise<{ url: URL; closed: Promise<unknown> }> {
  const server = net.createServer();
  servers.push(server);
  server.on('connection', (socket) => {
    socket.once('data', () => {
      const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
      socket.end(head + body);
    });
  });
  const closed = once(server, 'connection').then(([socket]) => once(socket as net.Socket, 'close'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: new URL(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`), closed };
}

test.each([1_000, 17_000, 60_000, 200_000, 5_000_000])(
  'an answer of %i bytes survives that it is read only after the server has closed',
  async (size) => {
    const uncaught = vi.fn();
    process.prependOnceListener('uncaughtException', uncaught);
    const { url, closed } = await answering('a'.repeat(size));
    const response = await patientFetch(url, {});
    await closed;
    expect((await response.text()).length).toBe(size);
    expect(uncaught).not.toHaveBeenCalled();
    process.off('uncaughtException', uncaught);
  },
);
