// Makes the pictures of docs/ui.md: starts a service of its own, runs that show something, and the page in Chromium.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from '../test/attack/chromium.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = path.join(root, 'bin', 'orch.js');
const images = path.join(root, 'docs', 'images');
const MAX_BYTES = 150_000;

const PLAN = {
  plan_id: 'release',
  version: '1.0',
  metadata: { project: 'shop' },
  steps: [
    step('fetch', [], 'echo fetching; sleep 0.4'),
    step('lint', ['fetch'], 'echo no problems; sleep 0.3'),
    step('unit', ['fetch'], 'for i in 1 2 3 4 5; do echo "suite $i: ok"; sleep 0.2; done'),
    step('e2e', ['fetch'], 'echo "3 of 40 failed" >&2; sleep 0.5; exit 1', { on_failure: 'continue', critical: false }),
    step('build', ['lint', 'unit'], 'echo built app.tar; sleep 0.4'),
    step('docs', ['fetch'], 'echo docs; sleep 0.9'),
    {
      id: 'approve',
      name: 'Release v1.2?',
      depends_on: ['build', 'e2e', 'docs'],
      step_def: {
        type: 'approval',
        message: 'Release v1.2? Three end-to-end tests failed.',
        approvers: [],
        inputs: { channel: { type: 'string', enum: ['stable', 'beta'], default: 'beta', description: 'where to' } },
      },
    },
    step('publish', ['approve'], 'echo published'),
    step('tell', ['publish'], 'echo told', { trigger_rule: 'all_done', critical: false }),
  ],
};

function step(id, depends_on, command, more = {}) {
  return { id, depends_on, command, shell: true, ...more };
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'orch-pictures-'));
const env = { ...process.env, ORCH_STATE_DIR: path.join(folder, 'state'), NO_COLOR: '1' };
const orch = (...args) => execFileSync(process.execPath, [bin, ...args], { env, cwd: folder, encoding: 'utf8' });
let ui;
let browser;
try {
  orch('up');
  writeFileSync(path.join(folder, 'plan.json'), JSON.stringify(PLAN));
  const small = { plan_id: 'nightly', version: '1.0', steps: [step('backup', [], 'echo done')] };
  writeFileSync(path.join(folder, 'small.json'), JSON.stringify(small));
  orch('start', 'small.json', '--id', 'nightly-1107', '--wait');
  orch('start', 'plan.json', '--id', 'release-1.2');
  await until(() => /waiting\s+approve/.test(orch('status', 'release-1.2')));
  ui = spawn(process.execPath, [bin, 'ui', '--no-open', '--port', '0', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let line = '';
  ui.stdout.on('data', (chunk) => (line += chunk));
  await until(() => line.includes('\n'));
  const { url } = JSON.parse(line);
  browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  mkdirSync(images, { recursive: true });
  await picture(url, 'ui-list', { colorScheme: 'light', viewport: { width: 1000, height: 420 } }, async () => {});
  await picture(url, 'ui-run', { colorScheme: 'light', viewport: { width: 1000, height: 900 } }, async (page) => {
    await toRun(page);
  });
  await picture(url, 'ui-graph-dark', { colorScheme: 'dark', viewport: { width: 1400, height: 900 } }, async (page) => {
    await toRun(page);
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page.locator('.node', { hasText: 'e2e' }).first().click();
    await page.getByRole('log').getByText('failed').waitFor();
  });
  await picture(url, 'ui-phone', { colorScheme: 'light', viewport: { width: 375, height: 812 } }, async (page) => {
    await toRun(page);
  });
} finally {
  await browser?.close();
  ui?.kill('SIGINT');
  orch('down', '--stop-steps');
  rmSync(folder, { recursive: true, force: true });
}

async function toRun(page) {
  await page.getByRole('link', { name: 'release-1.2', exact: true }).click();
  await page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
  await page.getByRole('row', { name: /tell/ }).waitFor();
}

async function picture(url, name, options, prepare) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(url);
  await page.getByRole('heading', { name: 'Runs' }).waitFor();
  await prepare(page);
  const file = path.join(images, `${name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  const { size } = statSync(file);
  if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MAX_BYTES}`);
  console.log(`${file} ${size}`);
}

async function until(probe) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('it did not happen within a minute');
}
