import { defined } from '../../basics/defined.js';
/** What a failed fetch was really about. */
export interface NetworkError {
  /** The system's or the library's code, e.g. ECONNREFUSED. */
  code?: string;
  message: string;
  /** True where the request itself was at fault, not the network. */
  ofRequest: boolean;
}

/** Codes of a library that refused to send the request. */
const OF_REQUEST = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH']);

/** Codes whose own message says too little. */
const MEANING: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the server closed the connection',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be resolved for now',
  UND_ERR_SOCKET: 'the server closed the connection',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the server closed the connection before the end of its response',
  UND_ERR_CONNECT_TIMEOUT: 'the server could not be reached in time',
  SELF_SIGNED_CERT_IN_CHAIN: "the server's certificate is not trusted",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the server's certificate is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the server's certificate is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the server's certificate is not trusted",
  CERT_HAS_EXPIRED: "the server's certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "the server's certificate is for another host",
};

/** Finds the real cause: fetch says "fetch failed" and hides it in `cause`, or several in an AggregateError. */
export function networkError(error: unknown): NetworkError {
  const causes = innermost(error);
  const codes = new Set(causes.map(({ code }) => code).filter((code) => code !== undefined));
  const code = codes.values().next().value;
  const parts = new Set(causes.map((cause) => sentence(cause)));
  return {
    ...defined({ code }),
    message: [...parts].join('; '),
    ofRequest: code !== undefined && OF_REQUEST.has(code),
  };
}

interface Cause {
  code?: string;
  message: string;
}

function innermost(error: unknown, depth = 0): Cause[] {
  if (!(error instanceof Error)) return [{ message: String(error) }];
  if (depth < 10) {
    if (error instanceof AggregateError && error.errors.length > 0) {
      return error.errors.flatMap((inner) => innermost(inner, depth + 1));
    }
    if (error.cause !== undefined) return innermost(error.cause, depth + 1);
  }
  const { code } = error as NodeJS.ErrnoException;
  return [{ ...(typeof code === 'string' ? { code } : {}), message: error.message }];
}

function sentence({ code, message }: Cause): string {
  const meaning = code === undefined ? undefined : MEANING[code];
  const detail = meaning === undefined || message === '' ? (meaning ?? message) : `${meaning} (${message})`;
  if (code === undefined || detail.includes(code)) return detail === '' ? 'unknown error' : detail;
  return detail === '' ? code : `${code}: ${detail}`;
}
