import type { Client, Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { LoopClient } from '../../src/client/loops.js';
import { sendSignal, sendUpdate } from '../../src/client/send-verb.js';

const never = new Proxy({}, { get: () => expect.unreachable('the service was called') });
const client = never as Client;
const connection = never as Connection;

const refused = (verb: string, bytes: number): object => ({
  code: 'refused',
  message: `Cannot ${verb}: the request has ${bytes} bytes, more than 131072`,
  hint: 'put long texts into a file that the steps read, and name it',
});

test('a verb of megabytes is refused in words before it is sent, as an update and as a signal', async () => {
  const receiver = { client, connection, id: 'run', signing: undefined };
  const sent = { verb: 'approve', given: { comment: 'é'.repeat(100_000) }, by: 'me' };
  await expect(sendUpdate(receiver, sent)).rejects.toMatchObject(refused('approve', 200_014));
  await expect(sendSignal(receiver, sent)).rejects.toMatchObject(refused('approve', 200_014));
});

test('so is a verb to a loop', async () => {
  const loops = new LoopClient(client, connection, () => ({}));
  const asked = loops.steer('loop', 'stop', { by: 'x'.repeat(200_000) });
  await expect(asked).rejects.toMatchObject(refused('stop', 200_009));
});

test('an update whose workflow task failed is sent again as the same one, while the run is open', async () => {
  const details = 'Unable to perform workflow execution update due to unexpected workflow task failure.';
  const failed = (): Error => Object.assign(new Error(details), { code: 9, details, metadata: {} });
  const ids: (string | undefined)[] = [];
  let status = 'RUNNING';
  const handle = {
    executeUpdate: async (_update: unknown, { updateId }: { updateId?: string }) => {
      ids.push(updateId);
      if (ids.length < 3) throw failed();
      return { step: 'a' };
    },
    describe: async () => ({ status: { name: status } }),
  };
  const receiver = {
    client: { workflow: { getHandle: () => handle } } as unknown as Client,
    connection: { withDeadline: (_: number, call: () => unknown) => call() } as unknown as Connection,
    id: 'run',
    signing: undefined,
  };
  const sent = { verb: 'answer', given: { step: 'a', text: 'yes' } };
  expect(await sendUpdate(receiver, sent)).toEqual({ step: 'a' });
  expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
  status = 'COMPLETED';
  ids.length = 0;
  await expect(sendUpdate(receiver, sent)).rejects.toThrow(details);
  expect(ids).toHaveLength(1);
});
