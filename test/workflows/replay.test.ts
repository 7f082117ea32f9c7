import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, expect, test } from 'vitest';
import { payloadCodec } from '../../src/temporal/payload-codec.js';

const HISTORIES = fileURLToPath(new URL('../histories', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../../dist/workflow-bundle.cjs', import.meta.url));

beforeAll(() => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
});

const files = readdirSync(HISTORIES).filter((file) => file.endsWith('.json'));

test('there are recorded histories', () => {
  expect(files).toContain('diamond-with-retry.json');
});

test.each(files)('the recorded run %s makes the same decisions today', async (file) => {
  const history: unknown = JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8'));
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: BUNDLE }, dataConverter: { payloadCodecs: [payloadCodec] } },
    history,
  );
});

test('a history that other decisions made is not accepted', async () => {
  const text = readFileSync(path.join(HISTORIES, 'diamond-with-retry.json'), 'utf8');
  const other: unknown = JSON.parse(text.replaceAll('"s:left"', '"s:other"'));
  await expect(
    Worker.runReplayHistory(
      { workflowBundle: { codePath: BUNDLE }, dataConverter: { payloadCodecs: [payloadCodec] } },
      other,
    ),
  ).rejects.toThrow();
});
