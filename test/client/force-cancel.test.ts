import { expect, test } from 'vitest';
import { OrchError } from '../../src/client/errors.js';
import { forceCancel } from '../../src/client/force-cancel.js';

function refusing(
  times: number,
  code: 'refused' | 'run_closed' | 'no_worker' = 'refused',
): { sent: number; send(): Promise<void> } {
  return {
    sent: 0,
    async send() {
      this.sent += 1;
      if (this.sent <= times) throw new OrchError(code, 'not yet');
    },
  };
}

const open = async (): Promise<boolean> => true;
const ended = async (): Promise<boolean> => false;

test('a forced cancel that comes in together with the cancel itself is sent again', async () => {
  const run = refusing(3);
  await forceCancel(() => run.send(), open);
  expect(run.sent).toBe(4);
});

test.each(['refused', 'run_closed'] as const)('a run that has ended meanwhile is canceled: %s', async (code) => {
  const run = refusing(Infinity, code);
  await forceCancel(() => run.send(), ended);
  expect(run.sent).toBe(1);
});

test('what is refused for good, and what nobody answers, is told', async () => {
  const run = refusing(Infinity);
  await expect(forceCancel(() => run.send(), open)).rejects.toMatchObject({ code: 'refused' });
  expect(run.sent).toBe(20);
  const lost = refusing(Infinity, 'no_worker');
  await expect(forceCancel(() => lost.send(), open)).rejects.toMatchObject({ code: 'no_worker' });
  expect(lost.sent).toBe(1);
});
