import { mkdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serviceFiles } from '../../src/service/files.js';
import { eventually } from '../support/eventually.js';
import { OwnService, TAKE_OVER_MS } from '../support/own-service.js';
import { writePlan } from '../support/plans.js';

const own = new OwnService();
beforeAll(() => own.up(), 60_000);
afterAll(() => own.down(), 60_000);

test('a run whose start cannot be noted as used waits, says why, and begins once it can be', async () => {
  // Stands for a full disk: nothing can be written to the register. It may be another day in a moment.
  const days = [0, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10));
  const registers = days.map((day) => path.join(serviceFiles(own.state).usedSeals, `${day}.log`));
  for (const register of registers) mkdirSync(register, { recursive: true });
  const plan = writePlan(own.dir, { steps: [{ id: 'a', command: 'true' }] });
  expect((await own.orch('start', plan, '--id', 'honest')).code).toBe(0);
  const why = 'The worker could not check who has started this, and tries again: Error: EISDIR';
  const says = async (): Promise<boolean> => (await own.orch('status', 'honest')).stdout.includes(why);
  await eventually('its status says why it does not begin', says, TAKE_OVER_MS);
  for (const register of registers) rmdirSync(register);
  expect((await own.ended('honest')).status).toBe('succeeded');
}, 240_000);
