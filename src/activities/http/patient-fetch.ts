import { Agent, EnvHttpProxyAgent, fetch, type RequestInit, type Response } from 'undici';

/**
 * Without time limits of its own: fetch gives up after five minutes without a byte, whatever the step's `timeout_sec`
 * says. Nor are connections kept open: a call on one that the server is just closing would fail, and a POST cannot be
 * sent again.
 */
const PATIENT = { headersTimeout: 0, bodyTimeout: 0, pipelining: 0 };

// Proxies are taken from the environment where Node's own fetch is told to take them from there.
const dispatcher = process.env['NODE_USE_ENV_PROXY'] === '1' ? new EnvHttpProxyAgent(PATIENT) : new Agent(PATIENT);

/** Fetches as fetch does, for as long as its caller waits. */
export function patientFetch(url: URL, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, dispatcher });
}
