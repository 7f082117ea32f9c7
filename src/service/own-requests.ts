import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/**
 * Names under which a person reaches this machine, at this port or one that was forwarded. A page whose own name was made
 * to lead here (DNS rebinding) comes under that name.
 */
const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i;

/** A page, and where it is found. */
export interface PageAddress {
  /** What people call it. */
  name: string;
  isOwnHost(this: void, host: string): boolean;
  /** Where it is, for those who ask under another name. */
  whereElse: string;
  /** The origin that its own pages name. */
  originOf(this: void, host: string): string;
}

/** Of a page of this machine. */
export const ownAddress: Omit<PageAddress, 'name'> = {
  isOwnHost: (host) => OWN_HOST.test(host),
  whereElse: 'at localhost and 127.0.0.1',
  originOf: (host) => `http://${host.toLowerCase()}`,
};

/** Why a server that only pages of its own and persons may use does not answer a request; undefined where it does. */
export function whyRefused(
  { method, url, headers }: Pick<IncomingMessage, 'method' | 'url' | 'headers'>,
  { name, isOwnHost, whereElse, originOf }: PageAddress,
): { status: number; why: string } | undefined {
  const host = headers.host ?? '';
  if (!isOwnHost(host) || !url?.startsWith('/')) {
    return { status: 421, why: `This is ${name}. It is available ${whereElse}, not at ${nameOf(host)}` };
  }
  if (isForeign(headers)) return { status: 403, why: `A page of another site may not use ${name}` };
  const reads = method === 'GET' || method === 'HEAD';
  // Browsers name the origin of all that is not merely read.
  if (reads || headers.origin?.toLowerCase() === originOf(host)) return undefined;
  return { status: 403, why: `Only pages of ${name} itself may send this` };
}

/** A link that a person follows may come from anywhere: it opens a page, and no script of another site sees it. */
function isForeign(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return false;
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document';
}

function nameOf(host: string): string {
  return /^[\w.:-]{1,100}$/.test(host) ? host : 'that address';
}
