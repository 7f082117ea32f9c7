// Makes the pictures of the docs: starts a service of its own, runs that show something, and looks at them in Chromium
// (the page of `orch ui`, Temporal's Web UI) and in a terminal (the view of a run). Words after it name the pictures to make:
// page, terminal, temporal; without any all are made.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { findChromium } from '../test/attack/chromium.mjs';
import { GATE, HOLDER, NIGHTLY, RELEASE } from './pictures/plans.mjs';
import { Terminal, terminalPage } from './pictures/terminal.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const bin = path.join(root, 'bin', 'orch.js');
const images = path.join(root, 'docs', 'images');
const MAX_BYTES = 150_000;
/** Other work may have the machine. */
const PATIENCE_MS = 180_000;

const wanted = process.argv.slice(2);
const wants = (name) => wanted.length === 0 || wanted.includes(name);

const folder = mkdtempSync(path.join(os.tmpdir(), 'orch-pictures-'));
const { CI: _, NO_COLOR: __, ...own } = process.env;
const env = { ...own, ORCH_STATE_DIR: path.join(folder, 'state') };
let browser;
try {
  orch('up');
  mkdirSync(images, { recursive: true });
  start('nightly-1107', NIGHTLY, '--wait');
  start('release-1.2', RELEASE);
  await until(() => /waiting\s+approve/.test(orch('status', 'release-1.2')));
  browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
  if (wants('page')) await picturesOfPage();
  if (wants('temporal')) await picturesOfTemporal();
  if (wants('terminal')) await picturesOfTerminal();
} finally {
  await browser?.close();
  orch('down', '--stop-steps');
  rmSync(folder, { recursive: true, force: true });
}

async function picturesOfPage() {
  const ui = spawn(process.execPath, [bin, 'ui', '--no-open', '--port', '0', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let line = '';
    ui.stdout.on('data', (chunk) => (line += chunk));
    await until(() => line.includes('\n'));
    const { url } = JSON.parse(line);
    const take = (name, options, prepare) =>
      picture(name, options, async (page) => {
        await page.goto(url);
        await page.getByRole('heading', { name: 'Runs' }).waitFor();
        await prepare(page);
      });
    await take('ui-list', { colorScheme: 'light', viewport: { width: 1000, height: 420 } }, async () => {});
    await take('ui-run', { colorScheme: 'light', viewport: { width: 1000, height: 900 } }, toRun);
    await take('ui-graph-dark', { colorScheme: 'dark', viewport: { width: 1400, height: 900 } }, async (page) => {
      await toRun(page);
      await page.getByRole('tab', { name: 'Graph' }).click();
      await page.locator('.node', { hasText: 'e2e' }).first().click();
      await page.getByRole('log').getByText('failed').waitFor();
    });
    await take('ui-phone', { colorScheme: 'light', viewport: { width: 375, height: 812 } }, toRun);
  } finally {
    ui.kill('SIGINT');
  }
}

async function toRun(page) {
  await page.getByRole('link', { name: 'release-1.2', exact: true }).click();
  await page.getByRole('button', { name: 'Approve', exact: true }).waitFor();
  await page.getByRole('row', { name: /tell/ }).waitFor();
}

/** Temporal's own Web UI: the runs, and of one its events and its table. */
async function picturesOfTemporal() {
  const ui = new URL(orch('open', 'release-1.2', '--print').trim()).origin;
  const run = `${ui}/namespaces/default/workflows/release-1.2`;
  const options = { colorScheme: 'light', viewport: { width: 1300, height: 760 } };
  await picture('temporal-runs', options, async (page) => {
    await page.goto(`${ui}/namespaces/default/workflows`);
    await page.getByText('release-1.2').first().waitFor();
  });
  await picture('temporal-run', options, async (page) => {
    await page.goto(`${run}/history`);
    await page.getByText(/build/).last().waitFor();
    await page.getByRole('heading', { name: 'Event History' }).evaluate((heading) => {
      heading.style.scrollMarginTop = '64px'; // below the bar that stays
      heading.scrollIntoView();
    });
  });
  await picture('temporal-details', options, async (page) => {
    await page.goto(`${run}/user-metadata`);
    // Each text is in a frame of its own; the last is the table.
    await page.locator('iframe').last().contentFrame().getByText('approve').waitFor();
  });
}

/** The view of a run that is followed on a terminal. */
async function picturesOfTerminal() {
  start('hotfix-7', HOLDER);
  await until(() => /running\s+deploy/.test(orch('status', 'hotfix-7')));
  writeFileSync(path.join(folder, 'gate.json'), JSON.stringify(GATE));
  const terminal = new Terminal(`'${process.execPath}' '${bin}' run gate.json --id gate-25c1`, {
    columns: 88,
    rows: 24,
    cwd: folder,
    env,
  });
  try {
    const shown = [/lock 'production'/, /attempt 2\/6|2 of 6|again in/, /asks/, /[1-9]\d*\/40/];
    await until(
      () => shown.every((each) => each.test(terminal.text())) && /(?:1[0-9]|2[0-9])\/40/.test(terminal.text()),
    );
    await pictureOfTerminal('live-view', 'orch run gate.yaml', terminal.text(true));
  } finally {
    terminal.close();
  }
}

async function pictureOfTerminal(name, command, text) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, deviceScaleFactor: 1.5 });
  const page = await context.newPage();
  await page.setContent(terminalPage(command, text));
  const file = path.join(images, `${name}.png`);
  await page.locator('#terminal').screenshot({ path: file });
  await context.close();
  checkSize(file);
}

async function picture(name, options, prepare) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await prepare(page);
  const file = path.join(images, `${name}.png`);
  await page.screenshot({ path: file });
  await context.close();
  checkSize(file);
}

function checkSize(file) {
  const { size } = statSync(file);
  if (size > MAX_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MAX_BYTES}`);
  console.log(`${file} ${size}`);
}

function start(id, plan, ...more) {
  const file = path.join(folder, `${plan.plan_id}.json`);
  writeFileSync(file, JSON.stringify(plan));
  orch('start', file, '--id', id, ...more);
}

function orch(...args) {
  return execFileSync(process.execPath, [bin, ...args], {
    env: { ...env, NO_COLOR: '1' },
    cwd: folder,
    encoding: 'utf8',
  });
}

async function until(probe) {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    if (probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`it did not happen within ${PATIENCE_MS / 1000} s`);
}
