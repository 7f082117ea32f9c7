// What any web page may send without asking, and what it may once a name of its own leads to this machine. By curl: it sends
// what a browser would, and also what no browser lets a page send.
import { readable, STEERING } from '../requests.mjs';

const PAGE = 'http://evil.example';

export const attacks = [
  ...STEERING.map((request) => steering(`a cross-origin POST that ${request.what}`, request, crossOrigin)),
  ...STEERING.map((request) => steering(`a rebound page that ${request.what}`, request, rebound)),
  { name: 'a rebound page that reads runs and histories', run: readAll },
];

function steering(name, { prepare }, send) {
  return {
    name,
    async run(rig) {
      const { requests, happened, after } = await prepare(rig);
      try {
        for (const target of rig.reachable()) {
          for (const request of requests) await send(rig, target, request);
          if (await happened()) return `by ${target}`;
        }
        return undefined;
      } finally {
        await after();
      }
    },
  };
}

/** As `fetch` in the mode `no-cors` and a form send it: a type that needs no question before. */
async function crossOrigin(rig, target, { path, body }) {
  const headers = ['Content-Type: text/plain', `Origin: ${PAGE}`, 'Sec-Fetch-Site: cross-site'];
  await post(rig, `http://${target}${path}`, headers, body);
  // Browsers of before 2020 say nothing of the site.
  await post(rig, `http://${target}${path}`, ['Content-Type: text/plain', 'Origin: null'], body);
}

/** The page is of the same origin then, as it seems: it may read the token that guards requests, and send it. */
async function rebound(rig, target, { path, body }) {
  const port = target.slice(target.indexOf(':'));
  const host = `Host: evil.example${port}`;
  const { text } = await rig.curl(`http://${target}/`, '--include', '-H', host);
  const token = /^set-cookie: _csrf=([^;]*)/im.exec(text)?.[1] ?? 'none';
  const csrf = [`Cookie: _csrf=${token}`, `X-CSRF-Token: ${token}`];
  const page = [host, `Origin: ${PAGE}${port}`, 'Sec-Fetch-Site: same-origin', 'Content-Type: application/json'];
  await post(rig, `http://${target}${path}`, [...page, ...csrf], body);
}

function post(rig, url, headers, body) {
  return rig.curl(url, ...headers.flatMap((header) => ['-H', header]), '--data-binary', JSON.stringify(body));
}

async function readAll(rig) {
  const victim = await rig.victim();
  try {
    for (const target of rig.reachable()) {
      const host = `Host: evil.example${target.slice(target.indexOf(':'))}`;
      for (const { path, secret } of await readable(rig, victim)) {
        const { text } = await rig.curl(`http://${target}${path}`, '-H', host);
        if (text.includes(secret)) return `${target}${path} answers`;
      }
    }
    return undefined;
  } finally {
    await rig.endVictim(victim);
  }
}
