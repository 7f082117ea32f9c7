import { expect, test } from 'vitest';
import type { CliContext } from '../../../src/cli/context.js';
import { steerRequest } from '../../../src/cli/ui/steer-request.js';
import type { OrchClient } from '../../../src/client/orch-client.js';

/** What a run is asked for by a request of the page. */
async function askedBy(body: unknown, by?: string): Promise<unknown> {
  let asked: unknown;
  const client = {
    steer: (...args: unknown[]) => {
      asked = args;
      return Promise.resolve({ step: 'ask', status: 'success' });
    },
  } as unknown as OrchClient;
  await steerRequest({} as CliContext, client, 'gate-1', { body, by });
  return asked;
}

const approve = { verb: 'approve', step: 'ask' };

test('on a page for this machine a decision is that of whoever is named, else of the user', async () => {
  expect(await askedBy({ ...approve, by: 'ann' })).toEqual(['gate-1', 'approve', { step: 'ask', by: 'ann' }]);
  expect(await askedBy(approve)).toEqual(['gate-1', 'approve', { step: 'ask' }]);
});

test('behind a proxy it is that of the user that the proxy has named, whatever the page says', async () => {
  expect(await askedBy(approve, 'bob')).toEqual(['gate-1', 'approve', { step: 'ask', by: 'bob' }]);
  expect(await askedBy({ ...approve, by: 'bob' }, 'bob')).toEqual(['gate-1', 'approve', { step: 'ask', by: 'bob' }]);
  for (const verb of ['approve', 'reject']) {
    await expect(askedBy({ ...approve, verb, by: 'ann' }, 'bob')).rejects.toMatchObject({
      status: 403,
      message: 'You are bob to this page, and cannot decide as somebody else',
    });
  }
});

test('no other request names who asks', async () => {
  await expect(askedBy({ verb: 'skip', step: 'ask', by: 'ann' })).rejects.toMatchObject({ status: 400 });
  await expect(askedBy({ ...approve, by: '' })).rejects.toMatchObject({ status: 400 });
});
