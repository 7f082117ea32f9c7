import { isObject, numberAt, objectAt, readEvent, textAt, type AgentEvent } from '../json-lines.js';
import type { Adapter, TurnProgress } from '../types.js';
import type { Json } from '../../plan/types.js';

/**
 * Anthropic's Claude Code: `claude -p --output-format stream-json --verbose`.
 *
 * The prompt is read from standard input. A new session gets an id of ours; using one twice is refused, so a session
 * goes on with `--resume`, whose cost is that of the whole session. Edits are accepted, everything else that needs a
 * permission is denied: allow more with `args: [--allowedTools, …]`. A turn that may only read runs in plan mode.
 * Events: `system/init`, `assistant`, `user`, `system/api_retry`, at last `result`, after which the process may linger.
 *
 * Sources: https://code.claude.com/docs/en/headless and https://code.claude.com/docs/en/cli-reference.
 */
export const claude: Adapter = {
  name: 'claude',
  command(request) {
    const { settings, session, outputSchema } = request;
    return {
      file: settings.command ?? 'claude',
      args: [
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        '--permission-mode',
        request.sandbox === 'read-only' ? 'plan' : 'acceptEdits',
        ...(request.model === undefined ? [] : ['--model', request.model]),
        ...(outputSchema === undefined ? [] : ['--json-schema', JSON.stringify(outputSchema)]),
        ...(session === undefined ? ['--session-id', request.newSession] : ['--resume', session]),
        ...(settings.args ?? []),
      ],
      stdin: request.prompt,
    };
  },
  read(line, progress) {
    const event = readEvent(line, progress);
    if (event !== undefined) take(event, progress);
  },
};

function take(event: AgentEvent, progress: TurnProgress): void {
  progress.sessionId = textAt(event, 'session_id') ?? progress.sessionId;
  switch (event['type']) {
    case 'system':
      if (event['subtype'] === 'api_retry') takeRetry(event, progress);
      break;
    case 'assistant':
      for (const part of partsOf(objectAt(event, 'message'))) takePart(part, progress);
      break;
    case 'rate_limit_event':
      takeRateLimit(objectAt(event, 'rate_limit_info'), progress);
      break;
    case 'result':
      takeResult(event, progress);
      break;
    default: // tool results, and events of a later version
  }
}

function partsOf(message: AgentEvent): AgentEvent[] {
  const { content } = message;
  return Array.isArray(content) ? (content as unknown[]).filter(isObject) : [];
}

function takePart(part: AgentEvent, progress: TurnProgress): void {
  if (part['type'] === 'text') progress.message = textAt(part, 'text') ?? progress.message;
  if (part['type'] !== 'tool_use') return;
  progress.toolCalls += 1;
  progress.doing = textAt(part, 'name');
}

/** It tries again by itself; only if the turn fails in the end does this say why. */
function takeRetry(event: AgentEvent, progress: TurnProgress): void {
  const error = textAt(event, 'error');
  if (error === 'rate_limit' || error === 'billing_error') progress.quota ??= {};
  if (error === 'authentication_failed') progress.denied = true;
}

function takeRateLimit(info: AgentEvent, progress: TurnProgress): void {
  if (info['status'] !== 'rejected') return;
  const resetsAt = numberAt(info, 'resetsAt');
  progress.quota = resetsAt > 0 ? { resetAt: resetsAt * 1000 } : {};
}

function takeResult(event: AgentEvent, progress: TurnProgress): void {
  const usage = objectAt(event, 'usage');
  progress.inputTokens =
    numberAt(usage, 'input_tokens') +
    numberAt(usage, 'cache_creation_input_tokens') +
    numberAt(usage, 'cache_read_input_tokens');
  progress.outputTokens = numberAt(usage, 'output_tokens');
  if (typeof event['total_cost_usd'] === 'number') {
    progress.costUsd = event['total_cost_usd'];
    progress.costOfSession = true;
  }
  if ((event['structured_output'] ?? undefined) !== undefined) progress.structured = event['structured_output'] as Json;
  const result = textAt(event, 'result');
  if (event['is_error'] === true || (textAt(event, 'subtype') ?? 'success') !== 'success') {
    progress.error = result ?? `the turn ended as ${textAt(event, 'subtype') ?? 'an error'}`;
  } else {
    if (result !== undefined) progress.message = result;
    delete progress.error;
    delete progress.quota;
    delete progress.denied;
  }
  progress.final = true;
}
