import { expect, test } from 'vitest';
import { machineOf } from '../../bench/measure/machine.mjs';
import { resultTables } from '../../bench/report/tables.mjs';

test('the tables say what was measured on', () => {
  const machine = machineOf({ server: '1.29.1' });
  const text = JSON.stringify(resultTables({ at: '2026-11-30', machine, rounds: 3, shapes: {}, start_up: {} }));
  expect(text).toContain(`Node ${process.version}, Temporal 1.29.1`);
  expect(text).toContain(machine.load);
});
