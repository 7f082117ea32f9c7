import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { KEY_HEADER } from '../../ui/api.js';
import { sameText } from './same-text.js';

/** Who may use a page, for as long as its server runs. */
export interface Sessions {
  /** What the address holds that is printed. */
  token: string;
  /** The cookie and the key of a session, for the token; undefined for any other text. */
  open(token: unknown, port: number): { cookie: string; key: string } | undefined;
  /** Whether a request comes from a page that has shown the token. */
  has(headers: IncomingHttpHeaders): boolean;
}

/**
 * Makes the secrets of a page. The cookie is out of reach of scripts, but a browser shows it to every port of this
 * machine, where other users' programs may listen. So a page also sends a key, which it keeps for its own port.
 */
export function createSessions(): Sessions {
  const [token, cookie, key] = [secret(), secret(), secret()];
  return {
    token,
    open(given, port) {
      if (!sameText(given, token)) return undefined;
      return { cookie: `${cookieName(port)}=${cookie}; Path=/; HttpOnly; SameSite=Strict`, key };
    },
    has(headers) {
      const cookies = (headers.cookie ?? '').split(';').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
      return cookies.some((each) => sameText(each, cookie)) && sameText(headers[KEY_HEADER], key);
    },
  };
}

/** Two pages on two ports share their cookies. */
function cookieName(port: number): string {
  return `orch_ui_${port}`;
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}
