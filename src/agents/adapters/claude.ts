import type { Json } from '../../plan/model/values.js';
import { isObject, numberAt, objectAt, readEvents, textAt, type AgentEvent } from '../json-lines.js';
import { quotaIn } from '../quota.js';
import { noteRefused, type Adapter, type TurnProgress } from '../types.js';

/**
 * Anthropic's Claude Code: `claude -p --output-format stream-json --verbose`.
 *
 * The prompt is read from standard input. A new session gets an id of ours; using one twice is refused, so a session
 * goes on with `--resume`. Edits are accepted, everything else that needs a permission is denied: allow more with
 * `args: [--allowedTools, …]`, or all by `permissions: full`, which it refuses to root outside of a container that says so
 * (`IS_SANDBOX=1`). A turn that may only read runs in plan mode. Events: `system/init`, `assistant`, `user`,
 * `system/api_retry`, `rate_limit_event`, at last `result`, after which the process may linger. Background tasks
 * (`system/task_started`, `task_progress`, `task_notification`) may outlive it, and then there is another turn. A turn that meets a
 * limit ends as `result` with `is_error`, whose text is "You've hit your limit · resets 3pm (Europe/Lisbon)", and with
 * exit code 1.
 *
 * Cost and tokens (`modelUsage`, with those of subagents) are of the whole session since 2.1.277; before, a resumed
 * session counted from zero.
 *
 * Sources: https://code.claude.com/docs/en/headless, https://code.claude.com/docs/en/cli-reference,
 * https://code.claude.com/docs/en/permission-modes, the types `SDKResultMessage` and `SDKRateLimitInfo` of
 * https://code.claude.com/docs/en/agent-sdk/typescript and of the npm package `@anthropic-ai/claude-agent-sdk`,
 * CHANGELOG.md of github.com/anthropics/claude-code.
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
        MODE[request.permissions],
        ...(request.model === undefined ? [] : ['--model', request.model]),
        ...(outputSchema === undefined ? [] : ['--json-schema', JSON.stringify(outputSchema)]),
        ...(session === undefined ? ['--session-id', request.newSession] : ['--resume', session]),
        ...(settings.args ?? []),
      ],
      stdin: request.prompt,
    };
  },
  tellsEnd: true,
  read(line, progress) {
    for (const event of readEvents(line, progress)) take(event, progress);
  },
};

const MODE = { read: 'plan', edit: 'acceptEdits', full: 'bypassPermissions' } as const;

function take(event: AgentEvent, progress: TurnProgress): void {
  progress.sessionId = textAt(event, 'session_id') ?? progress.sessionId;
  switch (event['type']) {
    case 'system':
      takeSystem(event, progress);
      break;
    case 'assistant':
      if (!takeError(event, progress)) takeAnswered(objectAt(event, 'message'), progress);
      // Those of a subagent are not what the agent says.
      if (typeof event['parent_tool_use_id'] === 'string') break;
      progress.final = false;
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

/** The end of a turn is not that of its background tasks, after which another turn follows. */
function takeSystem(event: AgentEvent, progress: TurnProgress): void {
  const task = textAt(event, 'task_id');
  switch (event['subtype']) {
    case 'init':
      progress.final = false;
      if (countsOn(textAt(event, 'claude_code_version'))) progress.ofSession = true;
      break;
    case 'api_retry':
      takeError(event, progress);
      break;
    case 'task_started':
    case 'task_progress':
      if (task !== undefined) (progress.pending ??= new Set()).add(task);
      break;
    case 'task_notification':
      if (task !== undefined) progress.pending?.delete(task);
      break;
    case 'task_updated':
      if (task !== undefined && TASK_ENDED.test(textAt(objectAt(event, 'patch'), 'status') ?? ''))
        progress.pending?.delete(task);
      break;
    default: // of a later version
  }
}

const TASK_ENDED = /^(?:completed|failed|stopped|killed|canceled|cancelled)$/;

/** Whether a resumed session goes on with the counts that it had. */
function countsOn(version: string | undefined): boolean {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/
    .exec(version ?? '')
    ?.slice(1)
    .map(Number);
  if (numbers === undefined) return true;
  const [at, since] = [numbers, COUNTS_ON_SINCE].map(([major = 0, minor = 0, patch = 0]) => {
    return (major * 1000 + minor) * 100_000 + patch;
  });
  return at! >= since!;
}

const COUNTS_ON_SINCE = [2, 1, 277];

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

/** It tries again by itself; only if the turn fails in the end does this say why. @returns whether it is an error */
function takeError(event: AgentEvent, progress: TurnProgress): boolean {
  const error = textAt(event, 'error');
  if (error === 'rate_limit' || error === 'billing_error' || error === 'overloaded') progress.quota ??= {};
  if (error === 'authentication_failed' || error === 'oauth_org_not_allowed') progress.denied = true;
  return error !== undefined;
}

/** The model has answered, so what was wrong before is over. What the tool itself says comes in the same form. */
function takeAnswered(message: AgentEvent, progress: TurnProgress): void {
  if (message['model'] === '<synthetic>') return;
  delete progress.quota;
  delete progress.denied;
}

function takeRateLimit(info: AgentEvent, progress: TurnProgress): void {
  if (info['status'] !== 'rejected') return;
  const resetsAt = numberAt(info, 'resetsAt');
  progress.quota = resetsAt > 0 ? { resetAt: resetsAt * 1000 } : {};
}

function takeResult(event: AgentEvent, progress: TurnProgress): void {
  const result = textAt(event, 'result');
  const isBad = event['is_error'] === true || (textAt(event, 'subtype') ?? 'success') !== 'success';
  // A resumed session first tells that a task of before has ended; what it was asked comes after that.
  const isNotice = textAt(objectAt(event, 'origin'), 'kind') === 'task-notification' || event['num_turns'] === 0;
  if (!isBad && isNotice && (result ?? '') === '' && (event['structured_output'] ?? undefined) === undefined) return;
  takeUsage(event, progress);
  if ((event['structured_output'] ?? undefined) !== undefined) progress.structured = event['structured_output'] as Json;
  for (const tool of deniedTools(event)) noteRefused(progress, tool);
  if (isBad) {
    const text = result ?? errorsOf(event) ?? `the turn ended as ${textAt(event, 'subtype') ?? 'an error'}`;
    progress.error = text;
    // It had tried again, and then something else went wrong.
    const isLimit = event['api_error_status'] === 429 || event['api_error_status'] === 529;
    if (progress.quota?.resetAt === undefined && !isLimit && quotaIn(text, 0) === undefined) delete progress.quota;
  } else {
    if (result !== undefined) progress.message = result;
    delete progress.error;
    delete progress.quota;
    delete progress.denied;
  }
  progress.final = true;
}

function deniedTools({ permission_denials: denials }: AgentEvent): string[] {
  if (!Array.isArray(denials)) return [];
  return (denials as unknown[]).flatMap((each) => {
    if (typeof each === 'string') return [each];
    return isObject(each) ? [textAt(each, 'tool_name') ?? 'a tool'] : [];
  });
}

/** `usage` leaves out what subagents used; older versions have nothing else. */
function takeUsage(event: AgentEvent, progress: TurnProgress): void {
  const models = Object.values(objectAt(event, 'modelUsage')).filter(isObject);
  const usage = objectAt(event, 'usage');
  const sum = (...names: string[]): number =>
    models.reduce((all, model) => names.reduce((part, name) => part + numberAt(model, name), all), 0);
  if (models.length > 0) {
    progress.inputTokens = sum('inputTokens', 'cacheCreationInputTokens', 'cacheReadInputTokens');
    progress.outputTokens = sum('outputTokens');
  } else {
    progress.inputTokens =
      numberAt(usage, 'input_tokens') +
      numberAt(usage, 'cache_creation_input_tokens') +
      numberAt(usage, 'cache_read_input_tokens');
    progress.outputTokens = numberAt(usage, 'output_tokens');
  }
  if (typeof event['total_cost_usd'] === 'number') progress.costUsd = event['total_cost_usd'];
}

/** What a turn that never began says of it: that there is no such session, for example. */
function errorsOf(event: AgentEvent): string | undefined {
  const errors = Array.isArray(event['errors']) ? event['errors'].filter((each) => typeof each === 'string') : [];
  return errors.length === 0 ? undefined : errors.join('\n');
}
