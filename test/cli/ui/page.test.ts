import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type ConsoleMessage, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findChromium } from '../../attack/chromium.mjs';
import { callCli, runCli, startCli } from '../../support/cli.js';
import { eventually } from '../../support/eventually.js';
import { fakeAgents } from '../../support/fake-agents.js';
import { tempDir, uniqueId, writePlan } from '../../support/plans.js';

const program = findChromium();
if (program === undefined) process.stderr.write('the page is not tested: there is no Chromium on PATH\n');

/** Milliseconds for what a browser shows: the machine may be busy with other tests. */
const PATIENCE = 60_000;

/** Starts a run in a folder of its own. */
async function start(prefix: string, plan: Record<string, unknown>): Promise<string> {
  const [id, dir] = [uniqueId(prefix), tempDir()];
  const { code, stderr } = await callCli(['start', writePlan(dir, plan), '--id', id], { cwd: dir });
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  return id;
}

/** A plan whose second step runs a command. */
function twoSteps(command: string): Record<string, unknown> {
  return {
    steps: [
      { id: 'first', command: 'true' },
      { id: 'second', depends_on: ['first'], shell: true, command },
    ],
  };
}

describe.skipIf(program === undefined)('the page in a browser', () => {
  let ui: ReturnType<typeof startCli>;
  let browser: Browser;
  let page: Page;
  let url: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    expect((await runCli(['up'])).code).toBe(0);
    ui = startCli(['ui', '--port', '0', '--no-open', '--json']);
    const line = await eventually('its address is printed', () => /^\{.*\}$/m.exec(ui.output())?.[0], PATIENCE);
    ({ url } = JSON.parse(line) as { url: string });
    browser = await chromium.launch({ executablePath: program!, args: ['--no-sandbox'] });
    page = await browser.newPage();
    page.setDefaultTimeout(PATIENCE);
    // What breaks the policy of the page is told here, too.
    page.on('console', (message: ConsoleMessage) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
  });

  afterEach(() => {
    expect(complaints.splice(0)).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    ui?.child.kill('SIGINT');
    expect((await ui?.ended)?.code).toBe(0);
  });

  const inPanel = async (step: string, button: string, confirm?: string): Promise<void> => {
    await page.getByRole('button', { name: step, exact: true }).first().click();
    const panel = page.getByRole('complementary');
    await panel.getByRole('heading', { name: new RegExp(`^${step} `) }).waitFor();
    await panel.getByRole('button', { name: button }).click();
    if (confirm !== undefined) await page.getByRole('dialog').getByRole('button', { name: confirm }).click();
    await page.keyboard.press('Escape');
  };

  const ends = (step: string, status: string): Promise<void> =>
    page
      .getByRole('row', { name: new RegExp(step) })
      .getByText(status)
      .first()
      .waitFor();

  const open = async (id: string): Promise<void> => {
    await page.goto(new URL('/', url).href);
    await page.getByRole('link', { name: id, exact: true }).click();
    await page.getByRole('heading', { name: id }).waitFor();
  };
  const stateOf = (id: string): Promise<void> =>
    page.getByRole('heading', { name: id }).getByText('succeeded').waitFor();

  test('the token is gone from the address, and what knows only the address gets nothing', async () => {
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    expect(page.url()).toBe(new URL('/', url).href);
    const stranger = await (await browser.newContext()).newPage();
    for (const place of ['/', '/runs/some-run']) {
      await stranger.goto(new URL(place, url).href);
      await stranger.getByRole('heading', { name: 'This page is locked' }).waitFor();
      await stranger.getByText('Open the address that orch ui has printed').waitFor();
    }
    await stranger.context().close();
  });

  test('a step that waits is approved with what it asks for; logs come while it runs, and it succeeds', async () => {
    const release = path.join(tempDir(), 'go on');
    const id = await start('page', {
      steps: [
        {
          id: 'ask',
          step_def: {
            type: 'approval',
            message: 'Ship <img src=x onerror=alert(1)> it?',
            inputs: { tier: { type: 'integer', required: true } },
          },
        },
        {
          id: 'ship',
          name: '<b>bold</b>',
          depends_on: ['ask'],
          shell: true,
          command: `echo '<script>alert(2)</script>' tier; until [ -e '${release}' ]; do sleep 0.1; done; echo shipped`,
        },
      ],
    });
    await page.goto(new URL('/', url).href);
    await page.getByRole('link', { name: `${id} · ask` }).click();
    const waits = page.getByRole('region', { name: 'Step ask waits for you' });
    await waits.getByText('Ship <img src=x onerror=alert(1)> it?').waitFor();
    await page.keyboard.press('Escape');
    // Without what it asks for it is refused, as by the command.
    await waits.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByRole('alert').getByText('tier').waitFor();
    await expectComplaint(/409/);
    await waits.getByLabel('tier').fill('2');
    // A worker that is busy may answer too late: then it is asked again, as a person would.
    await eventually(
      'the approval is taken',
      async () => {
        if ((await waits.count()) === 0) return true;
        await waits
          .getByRole('button', { name: 'Approve', exact: true })
          .click({ timeout: 5000 })
          .catch(() => {});
        return false;
      },
      2 * PATIENCE,
    );
    await page.getByRole('button', { name: 'ship', exact: true }).click();
    const log = page.getByRole('log');
    await log.getByText('<script>alert(2)</script> tier').waitFor();
    writeFileSync(release, '');
    await log.getByText('shipped').waitFor();
    await stateOf(id);
    expect(await page.getByText('<b>bold</b>').count()).toBeGreaterThan(0);
    const { stdout } = await callCli(['status', id, '--json']);
    expect((JSON.parse(stdout) as { status: string }).status).toBe('succeeded');
    // Where it was asked again although the first answer was only late.
    expect(complaints.splice(0).filter((text) => !/status of (409|503)/.test(text))).toEqual([]);
  });

  test('a run is paused, resumed and canceled; again means what the dry run said', async () => {
    const marker = path.join(tempDir(), 'mended');
    const id = await start('again', {
      globals: { on_abort: 'fail' },
      steps: [
        { id: 'first', shell: true, command: 'echo first' },
        { id: 'second', depends_on: ['first'], shell: true, command: `[ -e '${marker}' ]` },
        { id: 'hold', step_def: { type: 'approval' }, trigger_rule: 'all_done', depends_on: ['first'] },
      ].map((step) => ({ ...step, on_failure: 'continue' })),
    });
    await open(id);
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page
      .getByRole('row', { name: /second/ })
      .getByText('failed')
      .waitFor();
    await page.getByRole('button', { name: 'Cancel the run…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByRole('heading', { name: id }).getByText('canceled').waitFor();
    writeFileSync(marker, '');
    await page.getByRole('button', { name: 'Run again…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { name: 'Runs again (2)' }).waitFor();
    await dialog.getByRole('heading', { name: 'Reused (1)' }).waitFor();
    await dialog.getByRole('button', { name: 'Run again' }).click();
    await page
      .getByRole('region', { name: 'Step hold waits for you' })
      .getByRole('button', { name: 'Reject', exact: true })
      .waitFor();
    await page
      .getByRole('row', { name: /second/ })
      .getByText('success')
      .waitFor();
    const again = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1)!);
    expect(again).not.toBe(id);
    await page.getByRole('button', { name: 'Approve', exact: true }).click();
    await stateOf(again);
  });

  test('a plan that was changed in its file is run again by what it says now, and why it failed is told plainly', async () => {
    const [id, dir] = [uniqueId('changed'), tempDir()];
    const file = writePlan(dir, twoSteps('exit 3'));
    expect((await callCli(['run', file, '--id', id], { cwd: dir })).code).toBe(1);
    // A link from elsewhere, such as Temporal's Web UI, leads to the run.
    await page.goto(new URL(`/runs/${id}`, url).href);
    await page.getByRole('heading', { name: id }).waitFor();
    const row = page.getByRole('row', { name: /second/ });
    await row.getByRole('cell', { name: 'exited with code 3', exact: true }).waitFor();
    expect(await row.textContent()).not.toContain('Error');
    await page.getByRole('button', { name: 'Run again…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('heading', { name: 'Runs again (1)' }).waitFor();
    writePlan(dir, { steps: [{ id: 'first', comand: 'true' }] });
    await dialog.getByLabel('as it is now in').check();
    await dialog.getByRole('alert').getByText(`${file}:7:7: unknown key 'comand' (did you mean 'command'?)`).waitFor();
    await expectComplaint(/400/);
    writePlan(dir, twoSteps('true'));
    await dialog.getByLabel('as the run had it').check();
    await dialog.getByLabel('as it is now in').check();
    await dialog.getByRole('heading', { name: 'Reused (1)' }).waitFor();
    await dialog.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('heading', { name: 'succeeded' }).waitFor();
    const again = decodeURIComponent(new URL(page.url()).pathname.split('/').at(-1)!);
    await stateOf(again);
  });

  test('a failed step is tried again, others are skipped and canceled', async () => {
    const marker = path.join(tempDir(), 'there');
    const id = await start('steps', {
      globals: { on_abort: 'quarantine' },
      steps: [
        { id: 'flaky', shell: true, command: `[ -e '${marker}' ]` },
        { id: 'ask', step_def: { type: 'approval' }, on_failure: 'continue' },
        { id: 'long', command: 'sleep', args: ['3000'], on_failure: 'continue' },
      ],
    });
    await open(id);
    await ends('flaky', 'failed');
    writeFileSync(marker, '');
    await inPanel('flaky', 'Retry');
    await ends('flaky', 'success');
    await inPanel('ask', 'Skip…', 'Skip the step');
    await ends('ask', 'skipped');
    await inPanel('long', 'Cancel the step…', 'Cancel the step');
    await ends('long', 'canceled');
  });

  test("an agent's question is answered", async () => {
    const [id, dir] = [uniqueId('asks'), tempDir()];
    const fakes = fakeAgents(dir);
    const prompt = 'FAKE verdict QUESTION which color?';
    const plan = {
      globals: { cwd: dir, env: { FAKE_LOG: fakes.log } },
      steps: [{ id: 'think', step_def: { type: 'agent', agent: 'codex', prompt } }],
    };
    const env = { PATH: fakes.PATH };
    expect((await callCli(['start', writePlan(dir, plan), '--id', id], { cwd: dir, env })).code).toBe(0);
    await open(id);
    const waits = page.getByRole('region', { name: 'Step think waits for you' });
    await waits.getByText('which color?').waitFor();
    await waits.getByLabel('Answer').fill('red\nFAKE verdict PASS');
    await waits.getByRole('button', { name: 'Answer', exact: true }).click();
    await stateOf(id);
    expect(fakes.starts().at(-1)!.prompt).toContain('> red');
  });

  test('a step that named people decide is decided as one of them, who is chosen', async () => {
    const approvers = ['ann', 'bob'];
    const id = await start('named', { steps: [{ id: 'ask', step_def: { type: 'approval', approvers } }] });
    await open(id);
    const waits = page.getByRole('region', { name: 'Step ask waits for you' });
    await waits.getByText('May be decided by ann, bob').waitFor();
    await waits.getByText('orch does not check names').waitFor();
    expect(await waits.getByRole('button', { name: 'Approve', exact: true }).isDisabled()).toBe(true);
    await waits.getByLabel('Decide as').selectOption('bob');
    await waits.getByRole('button', { name: 'Approve', exact: true }).click();
    await stateOf(id);
    const { steps } = JSON.parse((await callCli(['status', id, '--json'])).stdout) as {
      steps: { outputs: { by: string } }[];
    };
    expect(steps[0]?.outputs.by).toBe('bob');
  });

  test('a run of a thousand steps is searched, paged and drawn, by keyboard alone', async () => {
    const steps = Array.from({ length: 1000 }, (_, i) => ({
      id: `s${i}`,
      step_def: { type: 'noop' },
      ...(i > 0 && { depends_on: [`s${Math.floor((i - 1) / 8)}`] }),
    }));
    const id = await start('large', { steps });
    await open(id);
    await stateOf(id);
    expect(await page.getByRole('row').count()).toBe(101);
    await page.keyboard.press('/');
    await page.keyboard.type('s77');
    await page
      .getByText('11 of 11')
      .or(page.getByRole('button', { name: 's777', exact: true }))
      .first()
      .waitFor();
    expect(await page.getByRole('row').count()).toBe(12);
    await page.getByRole('tab', { name: 'Steps' }).focus();
    await page.keyboard.press('ArrowRight');
    const graph = page.getByRole('application');
    await graph.waitFor();
    expect(await graph.locator('.node.success').count()).toBe(1000);
    await graph.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    const panel = page.getByRole('complementary');
    await panel.getByRole('heading', { name: /^s[1-8] / }).waitFor();
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await page.getByText('1 to 100 of 1000').waitFor();
  });

  test('a key that comes with the panel, before it is painted, is answered', async () => {
    const id = await start('quick', { steps: [{ id: 'only', step_def: { type: 'noop' } }] });
    await open(id);
    await page.getByRole('button', { name: 'only', exact: true }).click({ trial: true });
    await page.evaluate<undefined>(`new Promise((resolve) => {
      new MutationObserver((_, watch) => {
        if (document.querySelector('aside') === null) return;
        watch.disconnect();
        document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
        resolve();
      }).observe(document.body, { childList: true, subtree: true });
      [...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'only').click();
    })`);
    await page.getByRole('complementary').waitFor({ state: 'detached', timeout: 5000 });
  });

  test('at the width of a phone nothing is wider than the page', async () => {
    await page.setViewportSize({ width: 375, height: 700 });
    await page.getByRole('tab', { name: 'Steps' }).click();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
    await page.goto(new URL('/', url).href);
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
  });

  test('a run that is not there is told', async () => {
    await page.goto(new URL('/runs/nobody', url).href);
    await page.getByRole('alert').getByText("There is no run 'nobody'").waitFor();
    await page.goto(new URL('/', url).href);
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    complaints.splice(0); // the browser tells of each answer that is no success
  });

  /** The browser tells of an answer that is no success. */
  async function expectComplaint(pattern: RegExp): Promise<void> {
    await eventually('the browser tells of it', () => complaints.some((text) => pattern.test(text)));
    expect(complaints.splice(0).filter((text) => !pattern.test(text))).toEqual([]);
  }
});
