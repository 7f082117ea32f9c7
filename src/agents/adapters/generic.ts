import type { Json } from '../../plan/model/values.js';
import { isObject, numberAt, objectAt, readEvents, textAt, type AgentEvent } from '../json-lines.js';
import type { Adapter, AgentCommand, TurnProgress, TurnRequest } from '../types.js';
import { SANDBOXES } from './sandboxes.js';
import { defined } from '../../basics/defined.js';

/**
 * Any other command. The prompt goes to standard input, into a file whose path is the last argument, or is the last
 * argument itself. What it prints is its answer, or with `events: json` lines of events:
 * `{"type": "session", "id"}`, `{"type": "message", "text"}`, `{"type": "tool", "name"}`,
 * `{"type": "usage", "input_tokens", "output_tokens", "cost_usd"}`, `{"type": "error", "message"}`,
 * `{"type": "result", "text", "structured"}`.
 */
export function generic(events: 'none' | 'json'): Adapter {
  return {
    name: 'generic',
    command,
    ...(events === 'none' ? { plainText: true, read: readText } : { read: readJson }),
  };
}

function command(request: TurnRequest): AgentCommand {
  const { settings, session } = request;
  const via = settings.prompt_via ?? 'stdin';
  const resume =
    session === undefined ? [] : (settings.resume_args ?? []).map((arg) => arg.replaceAll('{session}', session));
  const prompt = via === 'file' ? [request.promptFile] : via === 'arg' ? [request.prompt] : [];
  return {
    file: settings.command ?? 'false',
    args: [...(settings.args ?? []), ...resume, ...prompt],
    env: {
      ORCH_PROMPT_FILE: request.promptFile,
      ORCH_AGENT_PERMISSIONS: request.permissions,
      ORCH_AGENT_SANDBOX: SANDBOXES[request.permissions],
      ...defined({ ORCH_AGENT_MODEL: request.model, ORCH_AGENT_TIER: request.tier, ORCH_AGENT_SESSION: session }),
    },
    ...(via === 'stdin' ? { stdin: request.prompt } : {}),
  };
}

/** Characters of a printed answer that are kept. */
const MAX_TEXT = 64 * 1024;

function readText(line: string, progress: TurnProgress): void {
  progress.message = `${progress.message}${progress.message === '' ? '' : '\n'}${line}`.slice(-MAX_TEXT);
}

function readJson(line: string, progress: TurnProgress): void {
  for (const event of readEvents(line, progress)) take(event, progress);
}

function take(event: AgentEvent, progress: TurnProgress): void {
  switch (event['type']) {
    case 'session':
      progress.final = false;
      progress.sessionId = textAt(event, 'id') ?? progress.sessionId;
      break;
    case 'message':
      progress.final = false;
      progress.message = textAt(event, 'text') ?? progress.message;
      break;
    case 'tool':
      progress.final = false;
      progress.toolCalls += 1;
      progress.doing = textAt(event, 'name');
      break;
    case 'usage':
      progress.inputTokens += numberAt(event, 'input_tokens');
      progress.outputTokens += numberAt(event, 'output_tokens');
      if (typeof event['cost_usd'] === 'number') progress.costUsd = (progress.costUsd ?? 0) + event['cost_usd'];
      break;
    case 'quota': {
      const resetAt = Date.parse(textAt(event, 'reset_at') ?? '');
      progress.quota = Number.isFinite(resetAt) ? { resetAt } : {};
      break;
    }
    case 'error':
      progress.error = textAt(event, 'message') ?? textAt(objectAt(event, 'error'), 'message') ?? 'an error';
      break;
    case 'result':
      progress.message = textAt(event, 'text') ?? progress.message;
      if (isObject(event['structured'])) progress.structured = event['structured'] as Json;
      progress.final = true;
      delete progress.error;
      delete progress.quota;
      break;
    default: // events of its own
  }
}
