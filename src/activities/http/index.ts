export { callHttp } from './call-http.js';
export { describeStatus, matchesStatus, parseExpectStatus, type StatusRange } from './expect-status.js';
export {
  DEFAULT_MAX_BODY_BYTES,
  type HttpFailure,
  type HttpFailureReason,
  type HttpOptions,
  type HttpOutcome,
  type HttpRequest,
  type HttpResponse,
} from './types.js';
