import { isObject, numberAt, objectAt, readEvents, textAt, type AgentEvent } from '../json-lines.js';
import { noteDoubt, noteRefused, type Adapter, type TurnProgress } from '../types.js';

/**
 * opencode: `opencode run --format json`.
 *
 * The prompt is read from standard input, which the command appends to its message. It works in the folder that `PWD`
 * names, not in its own. What asks for a permission is refused, as it is by default, or approved with `--auto`; a turn
 * that may only read takes the agent `plan`. Every event carries the session's id; `step_finish` has tokens and cost of a step, and `done` is
 * the last one, which older versions do not have. They also exit with 0 after a session error, so its event counts.
 * For a rate limit it waits by itself, and prints nothing meanwhile: `stall_timeout_sec` ends that.
 *
 * Sources: https://opencode.ai/docs/cli and `packages/opencode/src/cli/cmd/run.ts` of github.com/anomalyco/opencode.
 */
export const opencode: Adapter = {
  name: 'opencode',
  command(request) {
    const { settings, session } = request;
    return {
      file: settings.command ?? 'opencode',
      args: [
        'run',
        '--format',
        'json',
        ...(request.model === undefined ? [] : ['--model', request.model]),
        ...(request.permissions === 'read' ? ['--agent', 'plan'] : []),
        ...(request.permissions === 'full' ? ['--auto'] : []),
        ...(session === undefined ? [] : ['--session', session]),
        ...(settings.args ?? []),
      ],
      env: { PWD: request.cwd },
      stdin: request.prompt,
    };
  },
  read(line, progress) {
    for (const event of readEvents(line, progress)) take(event, progress);
  },
};

function take(event: AgentEvent, progress: TurnProgress): void {
  progress.sessionId = textAt(event, 'sessionID') ?? progress.sessionId;
  const part = objectAt(event, 'part');
  switch (event['type']) {
    case 'step_start':
      progress.final = false;
      // It goes on, so the step before was not cut off in the end.
      delete progress.doubts;
      break;
    case 'text':
      progress.final = false;
      progress.message = textAt(part, 'text') ?? progress.message;
      break;
    case 'tool_use':
      progress.final = false;
      progress.toolCalls += 1;
      progress.doing = textAt(part, 'tool');
      break;
    case 'step_finish':
      takeStep(part, progress);
      break;
    case 'error':
      progress.error = errorOf(objectAt(event, 'error'));
      break;
    case 'done':
      takeRejected(event, progress);
      progress.final = true;
      break;
    default: // of a later version
  }
}

function takeStep(part: AgentEvent, progress: TurnProgress): void {
  const tokens = objectAt(part, 'tokens');
  const cache = objectAt(tokens, 'cache');
  progress.inputTokens += numberAt(tokens, 'input') + numberAt(cache, 'read') + numberAt(cache, 'write');
  progress.outputTokens += numberAt(tokens, 'output') + numberAt(tokens, 'reasoning');
  if (typeof part['cost'] === 'number') progress.costUsd = (progress.costUsd ?? 0) + part['cost'];
  const reason = textAt(part, 'reason');
  if (reason === 'stop') progress.final = true;
  // After tools another step follows. After a step that was cut off the session is made smaller, and may go on.
  else if (reason !== undefined && reason !== 'tool-calls' && reason !== 'unknown') {
    noteDoubt(progress, `its last step was cut off (${reason})`);
  }
}

/** What asked for a permission, and did not get it. */
function takeRejected(event: AgentEvent, progress: TurnProgress): void {
  const rejected: unknown = event['rejected'];
  if (!Array.isArray(rejected)) return;
  for (const each of rejected as unknown[]) {
    const name = isObject(each) ? (textAt(each, 'permission') ?? textAt(each, 'tool') ?? textAt(each, 'type')) : each;
    noteRefused(progress, typeof name === 'string' ? name : 'a permission');
  }
}

function errorOf(error: AgentEvent): string {
  return textAt(objectAt(error, 'data'), 'message') ?? textAt(error, 'message') ?? textAt(error, 'name') ?? 'an error';
}
