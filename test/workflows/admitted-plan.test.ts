import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkPlanSet } from '../../src/plan/files/check-set.js';
import type { LoopInput } from '../../src/contract/loop-messages.js';
import { loopInputProblems } from '../../src/loop/check-input.js';
import { payloadCodec } from '../../src/temporal/payload-codec.js';
import type { RunInput } from '../../src/contract/run-input.js';
import { REPO } from '../support/cli.js';
import { workflowIdOf, type RecordedHistory } from '../support/history-file.js';
import { quietRuntime } from '../support/quiet-runtime.js';
import { HISTORIES } from '../support/steered-run.js';

interface Start {
  workflowExecutionStartedEventAttributes: { input: { payloads: { data: string }[] } };
}

beforeAll(() => {
  quietRuntime();
});

/** The history with another start input, as if today's orch read in it what it does not accept. */
function startedWith<Input extends RunInput | LoopInput = RunInput>(
  file: string,
  change: (input: Input) => unknown,
): { history: RecordedHistory; input: Input } {
  const history = JSON.parse(readFileSync(path.join(HISTORIES, file), 'utf8')) as RecordedHistory;
  const [payload] = (history.events[0] as unknown as Start).workflowExecutionStartedEventAttributes.input.payloads;
  const input = JSON.parse(Buffer.from(payload!.data, 'base64').toString()) as Input;
  const changed = change(input) as Input;
  payload!.data = Buffer.from(JSON.stringify(changed)).toString('base64');
  return { history, input: changed };
}

async function replay(history: RecordedHistory): Promise<void> {
  await Worker.runReplayHistory(
    {
      workflowBundle: { codePath: path.join(REPO, 'dist', 'workflow-bundle.cjs') },
      dataConverter: { payloadCodecs: [payloadCodec] },
    },
    history,
    workflowIdOf(history),
  );
}

/** A step that no checker accepts, among steps that a new rule might refuse. */
const refused = (input: RunInput): RunInput => ({
  ...input,
  plan: { ...(input.plan as object), steps: [{ id: 'first', comand: 'true', depends_on: ['nowhere'] }] },
});

describe.each(['admitted-plan/open.json', 'admitted-plan/history.json'])(
  'a run that goes by the plan in its history: %s',
  (file) => {
    test('makes the same decisions where the checker of today refuses the plan that it was started with', async () => {
      const { history, input } = startedWith(file, refused);
      expect(checkPlanSet({ source: input.plan }).ok).toBe(false);
      await replay(history);
    });

    test('would not, if the plan were checked again: as runs of version 2 are', async () => {
      const { history } = startedWith(file, (input) => ({ ...refused(input), engine_version: 2 }));
      await expect(replay(history)).rejects.toThrow();
    });

    test('keeps the defaults of the day on which it was started', async () => {
      const text = readFileSync(path.join(HISTORIES, file), 'utf8');
      const answers = [...text.matchAll(/"data": "([^"]*)"/g)].map(([, data]) =>
        Buffer.from(data!, 'base64').toString(),
      );
      const verdict = answers.find((answer) => answer.includes('"ok":true'));
      expect(JSON.parse(verdict!)).toMatchObject({
        ok: true,
        plan: {
          steps: [{ id: 'first', timeout_sec: 1800, grace_sec: 10 }, { id: 'gate' }, { id: 'part' }, { id: 'last' }],
        },
        plans: [['part.yaml', { plan_id: 'part' }]],
      });
    });
  },
);

/** A loop that no checker accepts; it is taken further by what it says all the same. */
const unknownMode = (input: LoopInput): LoopInput => ({
  ...input,
  config: { ...input.config, router: { ...input.config.router, mode: 'none' as 'off' } },
});

describe.each(['open.json', 'history.json'])('a loop that was found good when it began: %s', (file) => {
  test.each(['loop-admitted', 'loop-between-turns'])(
    'makes the same decisions where the checker of today refuses it: %s',
    async (name) => {
      const { history, input } = startedWith(`${name}/${file}`, unknownMode);
      expect(loopInputProblems(input)).not.toEqual([]);
      await replay(history);
    },
  );
});
