import { numberAt, objectAt, readEvents, textAt, type AgentEvent } from '../json-lines.js';
import { noteDoubt, type Adapter, type TurnProgress } from '../types.js';

/**
 * Google's Gemini CLI: `gemini -o stream-json`.
 *
 * The prompt is read from standard input. Edits are approved (`auto_edit`), all else that asks is refused; a turn that
 * may only read runs with the mode `plan`. An untrusted folder would silently take the mode back, so the folder is
 * trusted for this one call by the variable that the CLI has for it. Events: `init`, `message`, `tool_use`,
 * `tool_result`, `error`, at last `result` with statistics; tokens only. A turn that is cut short after a hundred
 * rounds says so as an `error`, one that goes in circles or is blocked by a hook as a warning; each ends as a success. Exit codes: 41 is a missing login, 42 bad input (a session that
 * is not there, too), 44 the sandbox, 52 a bad configuration, 53 the limit of turns, 54 a tool, 55 a folder that is not
 * trusted. A session is found again by its id, in the same folder only.
 *
 * Sources, of github.com/google-gemini/gemini-cli: docs/cli/headless.md, docs/cli/cli-reference.md,
 * docs/reference/configuration.md, packages/cli/src/config/config.ts (flags), packages/cli/src/nonInteractiveCli.ts and
 * packages/core/src/output/types.ts (events), packages/core/src/utils/errors.ts (exit codes),
 * packages/core/src/utils/googleQuotaErrors.ts (texts of limits).
 */
export const gemini: Adapter = {
  name: 'gemini',
  command(request) {
    const { settings, session } = request;
    return {
      file: settings.command ?? 'gemini',
      args: [
        '--output-format',
        'stream-json',
        '--approval-mode',
        MODE[request.permissions],
        ...(request.model === undefined ? [] : ['--model', request.model]),
        ...(session === undefined ? [] : ['--resume', session]),
        ...(settings.args ?? []),
      ],
      env: { GEMINI_CLI_TRUST_WORKSPACE: 'true' },
      stdin: request.prompt,
    };
  },
  tellsEnd: true,
  exits: { 41: 'auth', 42: 'usage', 44: 'usage', 52: 'usage', 55: 'usage' },
  read(line, progress) {
    for (const event of readEvents(line, progress)) take(event, progress);
  },
};

const MODE = { read: 'plan', edit: 'auto_edit', full: 'yolo' } as const;

function take(event: AgentEvent, progress: TurnProgress): void {
  switch (event['type']) {
    case 'init':
      progress.final = false;
      progress.sessionId = textAt(event, 'session_id') ?? progress.sessionId;
      break;
    case 'message':
      if (event['role'] !== 'assistant') break;
      progress.final = false;
      takeMessage(event, progress);
      break;
    case 'tool_use':
      progress.final = false;
      progress.toolCalls += 1;
      progress.doing = textAt(event, 'tool_name');
      progress.spoken = true;
      break;
    case 'error': {
      const message = textAt(event, 'message') ?? 'an error without a message';
      if (event['severity'] === 'warning') noteDoubt(progress, message);
      else progress.error = message;
      break;
    }
    case 'result':
      takeResult(event, progress);
      break;
    default: // of a later version
  }
}

/** Messages come in pieces; what follows a tool is a message of its own. */
function takeMessage(event: AgentEvent, progress: TurnProgress): void {
  const content = textAt(event, 'content') ?? '';
  progress.message = event['delta'] === true && !progress.spoken ? progress.message + content : content;
  delete progress.spoken;
}

function takeResult(event: AgentEvent, progress: TurnProgress): void {
  const stats = objectAt(event, 'stats');
  progress.inputTokens = numberAt(stats, 'input_tokens');
  progress.outputTokens = numberAt(stats, 'output_tokens');
  if (event['status'] === 'error') {
    progress.error = textAt(objectAt(event, 'error'), 'message') ?? progress.error ?? 'the turn failed';
  } else if (!CUT_SHORT.test(progress.error ?? '')) delete progress.error;
  progress.final = true;
}

const CUT_SHORT = /session turns exceeded/i;
