// A real browser, driven by its own protocol over a pipe.
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
];

/** The browser's program, or undefined where there is none on PATH. */
export function findChromium() {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    for (const name of NAMES) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}

/** Milliseconds. */
const PATIENCE_MS = 5000;

export class Chromium {
  #profile = mkdtempSync(path.join(os.tmpdir(), 'orch-chromium-'));
  #waiting = new Map();
  #listeners = new Set();
  #id = 0;
  #process;
  #ended;
  #toBrowser;

  /** @param hosts the rules by which names are resolved: `MAP evil.example 127.0.0.1` */
  constructor(file, hosts) {
    this.#process = spawn(
      file,
      [...ARGS, `--user-data-dir=${this.#profile}`, `--host-resolver-rules=${hosts}`, 'about:blank'],
      { detached: true, stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    this.#ended = new Promise((resolve) => this.#process.once('close', resolve));
    const [, , , toBrowser, fromBrowser] = this.#process.stdio;
    this.#toBrowser = toBrowser;
    let text = '';
    fromBrowser.setEncoding('utf8').on('data', (chunk) => {
      const messages = (text + chunk).split('\0');
      text = messages.pop();
      for (const message of messages) this.#receive(JSON.parse(message));
    });
  }

  /** Opens an address as a person does who types it. Resolves once it is loaded, or has failed. */
  async open(url) {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true });
    await this.#send('Page.enable', {}, sessionId);
    const loaded = this.#event('Page.loadEventFired', sessionId);
    // Ports that speak something else, or nothing, make the browser wait.
    const patience = sleep(PATIENCE_MS, { errorText: 'no answer' }, { ref: false });
    const { errorText } = await Promise.race([this.#send('Page.navigate', { url }, sessionId), patience]);
    if (errorText === undefined) await loaded;
    return { error: errorText, session: sessionId };
  }

  /** Calls a function in the page, waits for its promise, and resolves to its value. */
  async call({ session }, work, ...args) {
    const expression = `(${work})(${args.map((arg) => JSON.stringify(arg)).join(', ')})`;
    const options = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', options, session);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async close() {
    try {
      process.kill(-Number(this.#process.pid), 'SIGKILL');
    } catch {
      // it has gone by itself
    }
    await this.#ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #send(method, params, sessionId) {
    this.#id += 1;
    const id = this.#id;
    this.#toBrowser.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #event(method, sessionId) {
    return new Promise((resolve) => {
      const listener = (message) => {
        if (message.method !== method || message.sessionId !== sessionId) return;
        this.#listeners.delete(listener);
        resolve(message.params);
      };
      this.#listeners.add(listener);
    });
  }

  #receive(message) {
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve(message.result);
    for (const listener of this.#listeners) listener(message);
  }
}
