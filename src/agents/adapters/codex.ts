import path from 'node:path';
import { numberAt, objectAt, readEvents, textAt, type AgentEvent } from '../json-lines.js';
import { noteRefused, type Adapter, type TurnProgress } from '../types.js';
import { SANDBOXES } from './sandboxes.js';

/**
 * OpenAI's Codex: `codex exec --json`.
 *
 * The prompt is read from standard input (`-`). Options stand before `resume`, which does not know all of them. A
 * session is resumed by its id, never by `--last`: another run may have been the last. Nobody can be asked, so
 * approvals are off and the sandbox decides. Events: `thread.started`, `turn.*`, `item.*`, `error`; tokens only, no
 * money. The tokens are those of the whole thread: what a resumed one had used before is read back from its record.
 * An `error` is told of each failed request, also of one that is made again (`Reconnecting... 2/5`); `turn.completed`
 * says that all went well in the end. A limit of use is such an `error`, on stdout.
 *
 * Sources, of github.com/openai/codex: `codex-rs/exec/src/cli.rs` (flags), `exec_events.rs` and
 * `event_processor_with_jsonl_output.rs` (events), `codex-rs/protocol/src/error.rs` (texts of limits),
 * `last_token_info_from_rollout` in `codex-rs/core/src/session/mod.rs` (tokens of a resumed thread), issue 22064 (what
 * a thread says that is not there); https://developers.openai.com/codex/noninteractive.
 */
export const codex: Adapter = {
  name: 'codex',
  command(request) {
    const { settings, session, outputSchema, dir } = request;
    const schemaFile = path.join(dir, 'output-schema.json');
    return {
      file: settings.command ?? 'codex',
      args: [
        'exec',
        '--json',
        '--skip-git-repo-check',
        '--cd',
        request.cwd,
        '--sandbox',
        SANDBOXES[request.permissions],
        '-c',
        'approval_policy="never"',
        ...(request.model === undefined ? [] : ['--model', request.model]),
        ...(outputSchema === undefined ? [] : ['--output-schema', schemaFile]),
        ...(settings.args ?? []),
        ...(session === undefined ? [] : ['resume', session]),
        '-',
      ],
      stdin: request.prompt,
      ...(outputSchema === undefined ? {} : { files: [{ path: schemaFile, content: JSON.stringify(outputSchema) }] }),
    };
  },
  tellsEnd: true,
  read(line, progress) {
    for (const event of readEvents(line, progress)) take(event, progress);
  },
};

function take(event: AgentEvent, progress: TurnProgress): void {
  switch (event['type']) {
    case 'thread.started':
      progress.final = false;
      progress.sessionId = textAt(event, 'thread_id') ?? progress.sessionId;
      break;
    case 'turn.started':
      progress.final = false;
      break;
    case 'item.started':
    case 'item.updated':
    case 'item.completed':
      progress.final = false;
      takeItem(objectAt(event, 'item'), event['type'] === 'item.completed', progress);
      break;
    case 'turn.completed': {
      const usage = objectAt(event, 'usage');
      progress.inputTokens = numberAt(usage, 'input_tokens');
      progress.outputTokens = numberAt(usage, 'output_tokens');
      progress.ofSession = true;
      progress.final = true;
      delete progress.error;
      break;
    }
    case 'turn.failed':
      progress.error = textAt(objectAt(event, 'error'), 'message') ?? 'the turn failed';
      progress.final = true;
      break;
    case 'error': {
      const message = textAt(event, 'message') ?? 'an error without a message';
      if (!/^re-?connecting/i.test(message)) progress.error = message;
      break;
    }
    default: // of a later version
  }
}

function takeItem(item: AgentEvent, ended: boolean, progress: TurnProgress): void {
  const type = textAt(item, 'type') ?? textAt(item, 'item_type');
  switch (type) {
    case 'agent_message':
    case 'assistant_message':
      progress.message = textAt(item, 'text') ?? progress.message;
      break;
    case 'command_execution':
      progress.doing = textAt(item, 'command');
      if (ended) progress.toolCalls += 1;
      if (ended && item['status'] === 'declined') noteRefused(progress, `\`${progress.doing ?? type}\``.slice(0, 80));
      break;
    case 'file_change':
    case 'mcp_tool_call':
    case 'collab_tool_call':
    case 'web_search':
      progress.doing = type.replaceAll('_', ' ');
      if (ended) progress.toolCalls += 1;
      break;
    default: // reasoning, plans, errors that the agent has dealt with
  }
}
