import { Agent, EnvHttpProxyAgent, fetch, type Dispatcher, type RequestInit, type Response } from 'undici';

/**
 * Without time limits of its own: fetch gives up after five minutes without a byte, whatever the step's `timeout_sec`
 * says. Nor are connections kept open: a call on one that the server is just closing would fail, and a POST cannot be
 * sent again.
 */
const PATIENT = { headersTimeout: 0, bodyTimeout: 0, pipelining: 0 };

/**
 * Takes a response as fast as it comes. A reader that is slow for a moment would halt the parser, and undici 7 ends the
 * process (`assert(!this.paused)`, https://github.com/nodejs/undici/issues/5360) where the server closes a connection
 * whose parser stands still. What waits to be read is bounded by who reads: {@link readBody} gives up after
 * `max_body_bytes`, and writes without letting go of the thread.
 */
const neverHalted: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options, {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onRequestUpgrade: (controller, ...rest) => handler.onRequestUpgrade?.(controller, ...rest),
    onResponseStart: (controller, ...rest) => handler.onResponseStart?.(unpausable(controller), ...rest),
    onResponseData: (controller, chunk) => handler.onResponseData?.(unpausable(controller), chunk),
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  });

function unpausable(controller: Dispatcher.DispatchController): Dispatcher.DispatchController {
  const { aborted, reason } = controller;
  const abort = (why: Error): void => controller.abort(why);
  return { aborted, reason, abort, paused: false, pause: () => {}, resume: () => {} };
}

// Proxies are taken from the environment where Node's own fetch is told to take them from there.
const agent = process.env['NODE_USE_ENV_PROXY'] === '1' ? new EnvHttpProxyAgent(PATIENT) : new Agent(PATIENT);
const dispatcher = agent.compose(neverHalted);

/** Fetches as fetch does, for as long as its caller waits. */
export function patientFetch(url: URL, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, dispatcher });
}
