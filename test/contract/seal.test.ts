import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isUnsigned, openArgs, openResult, sealArgs, sealResult, type Seal } from '../../src/contract/seal.js';

const SEAL: Seal = { kind: 'result', name: 'x', id: '1', at: 0 };

/** As it comes out at the other end of Temporal. */
const sent = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each([undefined, null, 0, '', [], {}, { stays: 'in a folder' }, { orch_value: 1 }, { orch_value: {} }])(
  'the result %j comes out of its seal as it went in',
  (value) => {
    expect(openResult(sent(sealResult(value, SEAL)))).toEqual({ value, seal: SEAL });
  },
);

test('so does every value of JSON', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(openResult(sent(sealResult(value, SEAL)))).toEqual({ value: sent(value), seal: SEAL });
    }),
  );
});

test('arguments come out of their seal as they went in', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (args) => {
      expect(openArgs(sent(sealArgs(args, SEAL)) as unknown[])).toEqual({ args: sent(args), seal: SEAL });
    }),
  );
});

test('a result that names itself unsigned is not taken for a signed one', () => {
  const forged = { orch_unsigned: true, value: { orch_seal: SEAL } };
  expect(isUnsigned(forged)).toBe(true);
  expect(openResult(forged).seal).toBeUndefined();
});
