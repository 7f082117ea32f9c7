import { createHmac, timingSafeEqual } from 'node:crypto';
import { METADATA_ENCODING_KEY, type Payload, type SerializationContext } from '@temporalio/common';
import type { Unsigned } from '../contract/seal.js';

/** Where a signature stands: in the metadata of the last payload of a message. */
const SIGNATURE_KEY = 'orch-hmac';

/** Signs the payloads of one message for the workflow or activity that `context` names; without one nothing is signed. */
export function signPayloads(key: string, context: SerializationContext | undefined, payloads: Payload[]): Payload[] {
  const last = payloads.at(-1);
  if (last === undefined || context === undefined) return payloads;
  const metadata = { ...last.metadata, [SIGNATURE_KEY]: hmac(key, context, payloads) };
  return [...payloads.slice(0, -1), { ...last, metadata }];
}

/** Whether the payloads of one message were signed for the workflow or activity that `context` names. */
export function verifyPayloads(
  key: string,
  context: SerializationContext | undefined,
  payloads: readonly Payload[],
): boolean {
  const given = payloads.at(-1)?.metadata?.[SIGNATURE_KEY];
  if (!given || context === undefined) return false;
  const wanted = hmac(key, context, payloads);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

/** A message that has no good signature, as those get it who may see it. */
export function unsigned(payload: Payload | undefined): Payload {
  const text = payload === undefined ? undefined : jsonOf(payload);
  const value: Unsigned = { orch_unsigned: true };
  const data = text === undefined ? JSON.stringify(value) : `${JSON.stringify(value).slice(0, -1)},"value":${text}}`;
  return { metadata: { [METADATA_ENCODING_KEY]: Buffer.from('json/plain') }, data: Buffer.from(data) };
}

/** Covers the number and the lengths too, so that no two messages look the same. */
function hmac(key: string, context: SerializationContext, payloads: readonly Payload[]): Buffer {
  const mac = createHmac('sha256', key);
  mac.update(`orch payloads 1\n${addressOf(context)}\n${payloads.length}\n`);
  for (const { metadata, data } of payloads) {
    const encoding = Buffer.from(metadata?.[METADATA_ENCODING_KEY] ?? '').toString();
    mac.update(`${JSON.stringify(encoding)} ${data?.length ?? 0}\n`);
    if (data?.length) mac.update(data); // an empty one comes as no bytes at all
  }
  return mac.digest();
}

function addressOf(context: SerializationContext): string {
  const { type, namespace, workflowId } = context;
  return JSON.stringify(
    type === 'workflow'
      ? [type, namespace, workflowId]
      : [type, namespace, workflowId ?? null, context.activityId ?? null, context.isLocal],
  );
}

/** What somebody else has sent may be anything at all. */
function jsonOf({ metadata, data }: Payload): string | undefined {
  try {
    if (Buffer.from(metadata?.[METADATA_ENCODING_KEY] ?? '').toString() !== 'json/plain') return undefined;
    const text = Buffer.from(data ?? []).toString('utf8');
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}
