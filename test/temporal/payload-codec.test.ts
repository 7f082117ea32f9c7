import { defaultPayloadConverter, type Payload, type SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto';
import { expect, test } from 'vitest';
import { createPayloadCodec } from '../../src/temporal/payload-codec.js';

const codec = createPayloadCodec('aa'.repeat(32));
const run: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'run' };
const step: SerializationContext = {
  type: 'activity',
  namespace: 'default',
  workflowId: 'run',
  activityId: 's:a',
  isLocal: false,
};

const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);

async function read(payloads: Payload[], context: SerializationContext | undefined): Promise<unknown[]> {
  return (await codec.decode(payloads, context)).map((each) => defaultPayloadConverter.fromPayload(each));
}

test('a message is read by the one that it was signed for', async () => {
  const sent = await codec.encode([payload({ a: 1 }), payload('b')], run);
  expect(await read(sent, run)).toEqual([{ a: 1 }, 'b']);
});

test('large messages are packed, and signed as they are sent', async () => {
  const text = 'x'.repeat(200_000);
  const sent = await codec.encode([payload(text)], run);
  expect(sent[0]!.data!.length).toBeLessThan(2000);
  expect(await read(sent, run)).toEqual([text]);
  sent[0]!.data![sent[0]!.data!.length - 20]! ^= 1;
  expect(await read(sent, run)).toEqual([{ orch_unsigned: true }]);
});

test.each<[string, SerializationContext | undefined]>([
  ['another run', { ...run, workflowId: 'other' }],
  ['another namespace', { ...run, namespace: 'other' }],
  ['an activity', step],
  ['nobody known', undefined],
])('it is unsigned for %s', async (_who, context) => {
  const sent = await codec.encode([payload({ a: 1 })], run);
  expect(await read(sent, context)).toEqual([{ orch_unsigned: true, value: { a: 1 } }]);
});

test.each([
  ['the activity of another id', { activityId: 's:b' }],
  ['a local one', { isLocal: true }],
  ['the same of another run', { workflowId: 'other' }],
])('a task is unsigned for %s', async (_who, more) => {
  const sent = await codec.encode([payload(1)], step);
  expect(await read(sent, step)).toEqual([1]);
  expect(await read(sent, { ...step, ...more })).toEqual([{ orch_unsigned: true, value: 1 }]);
});

test('no part of a message can be left out, added, moved or changed', async () => {
  const sent = await codec.encode([payload(1), payload(2)], run);
  const [first, last] = sent as [Payload, Payload];
  const other = { ...first, data: Buffer.from('3') };
  const typed = { ...first, metadata: { ...first.metadata, encoding: Buffer.from('json/protobuf') } };
  for (const changed of [[last], [first], [first, first, last], [last, first], [other, last], [typed, last]]) {
    for (const value of await read(changed, run)) expect(value).toMatchObject({ orch_unsigned: true });
  }
});

test('what claims to be signed and what is no JSON is unsigned all the same', async () => {
  const claim = payload({ orch_seal: { kind: 'start' } });
  claim.metadata!['orch-hmac'] = new Uint8Array(32);
  expect(await read([claim], run)).toEqual([{ orch_unsigned: true, value: { orch_seal: { kind: 'start' } } }]);
  const broken = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"a"') };
  const packed = { metadata: { encoding: Buffer.from('binary/gzip') }, data: Buffer.from('no gzip') };
  expect(await read([broken], run)).toEqual([{ orch_unsigned: true }]);
  expect(await read([packed], run)).toEqual([{ orch_unsigned: true }]);
});

test('nothing at all is a message, too, as it comes from the wire', async () => {
  const { Payload: Wire } = proto.temporal.api.common.v1;
  const [sent] = await codec.encode([payload(undefined)], run);
  const received = Wire.decode(Wire.encode(sent!).finish());
  expect(await read([received], run)).toEqual([undefined]);
  expect(await read([received], step)).toEqual([{ orch_unsigned: true }]);
});

test('with another key it is unsigned', async () => {
  const sent = await createPayloadCodec('bb'.repeat(32)).encode([payload(1)], run);
  expect(await read(sent, run)).toEqual([{ orch_unsigned: true, value: 1 }]);
});

test('without a key nothing is signed', async () => {
  const [sent] = await createPayloadCodec(undefined).encode([payload(1)], run);
  expect(Object.keys(sent!.metadata!)).toEqual(['encoding']);
});
