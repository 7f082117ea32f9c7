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
