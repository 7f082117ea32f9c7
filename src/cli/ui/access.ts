import type { IncomingMessage } from 'node:http';
import { ownAddress, whyRefused } from '../../service/own-requests.js';
import type { Sessions } from './session.js';
import { sameText } from './same-text.js';

/** Why a request is not answered. */
interface Refused {
  status: number;
  why: string;
}

/** Who asks. Without a name it is the person who has started the page. */
export interface Asker {
  user?: string;
}

/** Who gets what from a page. */
export interface Access {
  /** What is asked of every request, also for what is no secret. */
  whyRefused(incoming: IncomingMessage): Refused | undefined;
  /** Who asks for what a run says or does. */
  askerOf(incoming: IncomingMessage): Asker | Refused;
  /** Trades the token in the page's address for a session; undefined where the page has no tokens. */
  sessions?: Sessions;
}

/** What people call the page. */
const NAME = "orch's page";
/** Characters of a user's name, as of any name that is told with a verb. */
const MOST_USER_CHARS = 200;

/** The person who has started the page. */
const OWNER: Asker = {};

/** For the person who has started the page on this machine, by the token that was printed. */
export function tokenAccess(sessions: Sessions): Access {
  return {
    sessions,
    whyRefused: (incoming) => whyRefused(incoming, { name: NAME, ...ownAddress }),
    askerOf({ headers }) {
      if (sessions.has(headers)) return OWNER;
      return { status: 401, why: 'Open the address that `orch ui` has printed' };
    },
  };
}

/** How a proxy that knows its users stands in front of a page. */
export interface ProxyOptions {
  /** Where people find the page: `https://orch.example.com`. */
  origin: URL;
  /** The header, in lower case, by which the proxy says who asks. */
  userHeader: string;
  /** What the proxy sends as {@link PROXY_SECRET_HEADER}: nobody else knows it. */
  secret: string;
}

/** Shows that a request comes from the proxy. */
const PROXY_SECRET_HEADER = 'x-orch-proxy-secret';

/** For the users of a proxy, which has asked them who they are. Whoever reaches the port without it gets nothing. */
export function proxyAccess({ origin, userHeader, secret }: ProxyOptions): Access {
  const address = {
    isOwnHost: (host: string) => host.toLowerCase() === origin.host,
    whereElse: `at ${origin.origin}`,
    originOf: () => origin.origin,
  };
  return {
    whyRefused(incoming) {
      // First: what others are told is the same, whatever they send.
      if (!sameText(onlyValue(incoming, PROXY_SECRET_HEADER), secret)) {
        return { status: 403, why: `${NAME} is available through its proxy only` };
      }
      return whyRefused(incoming, { name: NAME, ...address });
    },
    askerOf(incoming) {
      const user = onlyValue(incoming, userHeader)?.trim();
      if (user !== undefined && isName(user)) return { user };
      return { status: 401, why: `The proxy has not said who asks: ${userHeader} must hold one name` };
    },
  };
}

/** A header that is there twice may be the user's own beside the proxy's. */
function onlyValue({ headersDistinct }: IncomingMessage, name: string): string | undefined {
  const values = headersDistinct[name] ?? [];
  return values.length === 1 ? values[0] : undefined;
}

function isName(text: string): boolean {
  return text !== '' && text.length <= MOST_USER_CHARS && !/[\p{Cc}\u2028\u2029,]/u.test(text);
}
