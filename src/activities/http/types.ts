import type { Json } from '../../plan/model/values.js';

/** Bytes of a response's body that are taken where the step does not say. */
export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** A request of an http step, with its templates expanded. */
export interface HttpRequest {
  /** Absolute, `http:` or `https:`, without credentials. */
  url: string;
  /** In any case; GET where absent. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** A string goes as it is; anything else goes as JSON. */
  body?: Json;
  /** Codes (`200`), classes (`2xx`) and ranges (`200-204`) that count as success; `2xx` where absent. */
  expect_status?: readonly (number | string)[];
  /** A longer body fails the call; {@link DEFAULT_MAX_BODY_BYTES} where absent. */
  max_body_bytes?: number;
}

export interface HttpOptions {
  /** Ends the call as `canceled`. */
  signal: AbortSignal;
  /** Milliseconds for the whole call, redirects and body included; absent means no limit. */
  timeoutMs?: number;
  /** File that gets the body, byte for byte; one that is there is replaced. */
  bodyFile?: string;
  /** Whether a text holds a secret, which a redirect must not take to another origin. Default: none does. */
  holdsSecret?(this: void, text: string): boolean;
}

/** What a server answered, in bounded size. */
export interface HttpResponse {
  status: number;
  /** Names in lower case; at most 16 KiB in all, the rest is left out. */
  headers: Record<string, string>;
  /** Start of the body, at most 64 KiB of it; '' where the body is no text. */
  body_text: string;
  /** Bytes of the body that were read. */
  body_bytes: number;
  /** True where `body_text` is not the whole body. */
  body_truncated: boolean;
  /** The body's value, where its content type is JSON, it parses, and it has at most 1 MiB. */
  json?: Json;
}

type HttpFailureReason =
  | 'http_status'
  | 'http_network'
  /** The request could not even be sent: a wrong URL, header or `expect_status`. */
  | 'http_request'
  | 'http_body_too_large'
  | 'timeout'
  | 'canceled';

export interface HttpFailure {
  reason: HttpFailureReason;
  /** `<ErrorClass>: …`; holds no value of a header, no query and no body. */
  message: string;
  /** What to do about it. */
  hint?: string;
  /** Whether another try may mend it. */
  retryable: boolean;
  /** Seconds that the server asked to wait, at most a day. */
  retryAfterSec?: number;
  /** The answer, where there was one. */
  response?: HttpResponse;
}

/** How a call ended. */
export type HttpOutcome =
  | ({ ok: true; duration_ms: number } & HttpResponse)
  | ({ ok: false; duration_ms: number } & HttpFailure);
