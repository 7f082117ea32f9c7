export { callHttp } from './call-http.js';
export { describeStatus, matchesStatus, parseExpectStatus } from './expect-status.js';
export { type HttpOptions, type HttpOutcome, type HttpRequest, type HttpResponse } from './types.js';
