import { writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manifestOf, type Manifest } from '../../src/journal/index.js';
import { readManifestHead } from '../../src/records/manifest-head.js';
import { jsonText } from '../../src/records/write-record.js';
import { tempDir } from '../support/plans.js';
import { propertyRuns } from '../support/property-runs.js';
import { runAbout } from '../support/run-about.js';

const dir = tempDir();

function headOf(text: string | Buffer): ReturnType<typeof readManifestHead> {
  writeFileSync(path.join(dir, 'manifest.json'), text);
  return readManifestHead(dir);
}

const whole = manifestOf(runAbout(), []);

test('whatever a run was started with, its head is what stands in the whole manifest before the steps', async () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('\n  "steps": [', { steps: [{ steps: [] }] }, 'x'.repeat(40_000)),
  );
  // What reads it drops that name, which no input can have.
  const name = fc.oneof(fc.constantFrom('steps', '"steps": ['), fc.string()).filter((each) => each !== '__proto__');
  const values = fc.dictionary(name, value, {
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(values, values, async (inputs, metadata) => {
      const { steps: _, ...head } = JSON.parse(JSON.stringify({ ...whole, inputs, metadata })) as Manifest;
      expect(await headOf(jsonText({ ...whole, inputs, metadata }))).toEqual(head);
    }),
    { numRuns: propertyRuns(200) },
  );
});

test('the steps begin anywhere round the end of a piece of the file, and what follows is not looked at', async () => {
  const mark = '\n  "steps": [';
  const before = (room: number): string => jsonText({ ...whole, description: 'd'.repeat(room) }).split(mark)[0]!;
  const most = 16 * 1024 - before(0).length + 2;
  for (let room = most - mark.length - 4; room <= most; room += 1) {
    expect((await headOf(`${before(room)}${mark} torn`))?.description).toHaveLength(room);
  }
});

test('a manifest that another program has written is read as well, and what is none is none', async () => {
  const { steps: _, ...head } = whole;
  expect(await headOf(JSON.stringify(whole))).toEqual(head);
  for (const text of ['', '{', '[]', 'null', Buffer.from([0xff, 0]), JSON.stringify({ ...head, version: 2 })]) {
    expect(await headOf(text)).toBeUndefined();
  }
  expect(await readManifestHead(path.join(dir, 'nothing'))).toBeUndefined();
});
