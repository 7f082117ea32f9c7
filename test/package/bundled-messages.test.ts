import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { expect, test } from 'vitest';
import { messagesLater, withMessages } from '../../scripts/bundled-messages.mjs';
import { REPO } from '../support/cli.js';

/** What is used here of protobufjs, which is the SDK's. */
interface Type {
  fieldsArray: Field[];
  fromObject(object: unknown): unknown;
  toObject(message: unknown, options: object): unknown;
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

interface Field {
  name: string;
  type: string;
  map: boolean;
  repeated: boolean;
  resolvedType: Type | { values: Record<string, number> } | null;
  resolve(): Field;
}

interface Root {
  nestedArray?: unknown[];
  lookupType(name: string): Type;
}

const require = createRequire(import.meta.url);
const sdk = require('@temporalio/proto') as Root;

/** What a client of workflows says, and what the thread says that workflows run in. */
const CLIENT = '(s) => s.startWorkflowExecution({})';
const THREAD = '({ WorkflowActivation }) => WorkflowActivation';

/** What `@temporalio/proto` is in the bundle of a program. */
async function bundled(program: string, client: boolean): Promise<Root> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'orch-messages-'));
  const [entry, file] = ['entry.cjs', 'bundle.cjs'].map((name) => path.join(folder, name)) as [string, string];
  const proto = JSON.stringify(require.resolve('@temporalio/proto'));
  writeFileSync(entry, `exports.proto = require(${proto}); exports.program = ${program};`);
  try {
    const bundle = await rolldown({ input: entry, platform: 'node', plugins: [messagesLater()], cwd: REPO });
    await bundle.write({ file, format: 'cjs', codeSplitting: false });
    writeFileSync(file, withMessages(readFileSync(file, 'utf8'), { client }));
    return (require(file) as { proto: Root }).proto;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function typesOf(root: Root): string[] {
  const names: string[] = [];
  const visit = (space: { nestedArray?: unknown[]; fields?: unknown; fullName?: string }): void => {
    if (space.fields !== undefined) names.push(space.fullName!);
    for (const each of space.nestedArray ?? []) visit(each as typeof space);
  };
  visit(root);
  return names;
}

/** Every field has something in it, of messages a few levels. */
function sample(type: Type, depth = 0): Record<string, unknown> {
  return Object.fromEntries(
    type.fieldsArray.flatMap((field) => {
      const value = valueOf(field.resolve(), depth);
      if (value === undefined) return [];
      return [[field.name, field.map ? { '7': value } : field.repeated ? [value, value] : value]];
    }),
  );
}

function valueOf({ resolvedType, type }: Field, depth: number): unknown {
  if (resolvedType !== null && 'values' in resolvedType) return Object.values(resolvedType.values).at(-1);
  if (resolvedType !== null) return depth > 1 ? undefined : sample(resolvedType, depth + 1);
  return { string: 'grüße', bytes: Buffer.from([0, 255]), bool: true, double: 1.5, float: 0.5 }[type] ?? 7;
}

test.each([
  ['a client', CLIENT, true, '.temporal.api.workflowservice.v1.StartWorkflowExecutionRequest'],
  ['a thread', THREAD, false, '.coresdk.workflow_activation.WorkflowActivation'],
])('messages of %s are made, packed and unpacked as by the SDK', { timeout: 60_000 }, async (_, code, client, used) => {
  const root = await bundled(code, client);
  const names = typesOf(root).filter((name) => /^\.(temporal|coresdk)\./.test(name));
  for (const name of names) {
    const [mine, theirs] = [root.lookupType(name), sdk.lookupType(name)];
    const message = theirs.fromObject(sample(theirs));
    const bytes = theirs.encode(message).finish();
    for (const made of [message, mine.fromObject(sample(theirs))]) {
      expect(Buffer.from(mine.encode(made).finish()), name).toEqual(Buffer.from(bytes));
    }
    const options = { longs: String, bytes: String };
    expect(mine.toObject(mine.decode(bytes), options), name).toEqual(theirs.toObject(theirs.decode(bytes), options));
  }
  expect(names).toContain(used);
});

test('what the code cannot call or be answered is left out', { timeout: 60_000 }, async () => {
  const [some, all] = [typesOf(await bundled(CLIENT, true)), typesOf(sdk)];
  expect(some.length).toBeLessThan(all.length / 4);
  expect(some).not.toContain('.temporal.api.workflowservice.v1.RespondWorkflowTaskCompletedRequest');
  expect(some.filter((name) => name.startsWith('.coresdk.'))).toEqual([]);
});
