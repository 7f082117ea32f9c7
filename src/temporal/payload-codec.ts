import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { signPayloads, unsigned, verifyPayloads } from './payload-signature.js';

/** Payloads above this many bytes are compressed. Smaller ones stay readable in the Web UI. */
const COMPRESS_ABOVE = 128 * 1024;
/** A payload that unpacks to more than this is no payload of ours. Temporal takes 2 MB of them packed. */
const MAX_UNPACKED = 256 * 1024 * 1024;
const ENCODING = 'binary/gzip';

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Compresses large payloads, so that a plan of ten thousand steps fits Temporal's limit of 2 MB. */
export const payloadCodec: PayloadCodec = {
  encode: (payloads) => Promise.all(payloads.map(compress)),
  decode: (payloads) => Promise.all(payloads.map(decompress)),
};

/**
 * Makes the codec of a client or worker: with a key it signs what it sends for the workflow or activity that it is
 * meant for. What comes without a good signature is handed on as {@link Unsigned}: who gets it decides what to do.
 */
export function createPayloadCodec(key: string | undefined): PayloadCodec {
  if (key === undefined) return payloadCodec;
  return {
    // Signed as it is sent: packed, there is less to go over.
    encode: async (payloads, context) => signPayloads(key, context, await payloadCodec.encode(payloads)),
    async decode(payloads, context) {
      if (payloads.length === 0) return payloads;
      if (verifyPayloads(key, context, payloads)) return payloadCodec.decode(payloads);
      return Promise.all(payloads.map((payload) => decompress(payload).then(unsigned, () => unsigned(undefined))));
    },
  };
}

async function compress(payload: Payload): Promise<Payload> {
  if ((payload.data?.length ?? 0) <= COMPRESS_ABOVE) return payload;
  const data = await pack(proto.temporal.api.common.v1.Payload.encode(payload).finish());
  return { metadata: { [METADATA_ENCODING_KEY]: Buffer.from(ENCODING) }, data };
}

async function decompress(payload: Payload): Promise<Payload> {
  const encoding = payload.metadata?.[METADATA_ENCODING_KEY];
  if (encoding === undefined || encoding === null || Buffer.from(encoding).toString() !== ENCODING) return payload;
  const packed = await unpack(payload.data ?? new Uint8Array(), { maxOutputLength: MAX_UNPACKED });
  return proto.temporal.api.common.v1.Payload.decode(packed);
}
