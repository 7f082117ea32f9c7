// What is asked of a Restate server: node restate-call.mjs register|run PORTS [WORK]
import { readFileSync } from 'node:fs';

const [what, ports, file] = process.argv.slice(2);
const { admin, ingress, service } = JSON.parse(ports);
if (what === 'register') {
  await post(admin, '/deployments', JSON.stringify({ uri: `http://127.0.0.1:${service}` }));
  process.stdout.write('registered\n');
} else {
  await post(ingress, '/bench/work', readFileSync(file, 'utf8'));
}

async function post(port, path, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
