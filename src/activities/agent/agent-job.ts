import { writeFileSync } from 'node:fs';
import {
  adapterOf,
  concludeTurn,
  filesWereMade,
  noProgress,
  type Adapter,
  type TurnRequest,
} from '../../agents/index.js';
import type { RunStepDeps } from '../step/execution.js';
import type { Outcome } from '../step/outcome-file.js';
import type { DurableOver } from '../command/outcome.js';
import type { ProcessJob } from '../command/run-command.js';
import type { Started, StopReason } from '../../process/index.js';
import type { OpenedTask } from '../step/task-secrets.js';
import type { StepFacts, StepHeartbeat } from '../../contract/step-task.js';
import { answerFile, hideSecrets, keepVerdict, verdictFile, verdictOfFiles } from './answer-files.js';
import { usageOf } from './session-usage.js';
import { markerText } from './completion-marker.js';
import { createStreamReader, type StreamReader } from './stream-reader.js';
import { guardPushes } from './push-guard.js';
import type { SettledTurn } from './turn-folder.js';
import { endOf, factsOf, outcomeOf, withSecretScan } from './turn-outcome.js';
import type { AgentTurn } from '../../contract/agent-turn.js';
import { watchAgent } from './watchdog.js';
import { defined } from '../../basics/defined.js';

/** Characters of an agent's last words that stand where other steps have the end of their output. */
const TAIL = 1500;

/** One turn of a coding agent: how its program is called, what it does meanwhile, and what its end means. */
export class AgentJob implements ProcessJob {
  private readonly adapter: Adapter;
  private readonly progressed = noProgress();
  private reader: StreamReader | undefined;
  private clean: ((text: string) => string) | undefined;

  constructor(
    private readonly deps: RunStepDeps,
    private readonly turn: AgentTurn,
    private readonly settled: SettledTurn,
    private readonly request: TurnRequest,
  ) {
    this.adapter = adapterOf(turn.settings);
  }

  get endsLeftovers(): boolean {
    return this.turn.settings.leftovers !== 'keep';
  }

  invocation(): ReturnType<ProcessJob['invocation']> {
    const { settings } = this.turn;
    const { env, files = [], ...command } = this.adapter.command(this.request);
    for (const file of files) writeFileSync(file.path, file.content, { mode: 0o600 });
    return {
      ...command,
      ...defined({ env }),
      over: {
        ...settings.env,
        ...(settings.push === 'deny' ? guardPushes(this.request.dir) : {}),
        ORCH_VERDICT: verdictFile(this.request),
      },
      cwd: this.settled.cwd,
    };
  }

  watch(started: Started, redact: (text: string) => string, stop: (reason: StopReason) => void): () => void {
    const { turn, progressed } = this;
    this.clean = redact;
    this.reader = this.readerOf(started.stdoutFile);
    return watchAgent(turn, started, this.reader, progressed, stop, () => this.marker() !== undefined);
  }

  progress(): Pick<StepHeartbeat, 'last_line' | 'tokens' | 'tool_calls'> {
    const { message, doing, toolCalls } = this.progressed;
    const words = [...message.trimEnd().split('\n').slice(-1), doing ?? ''].find((text) => text !== '');
    const line = words === undefined ? undefined : this.clean?.(words).slice(0, 200);
    const { tokens } = usageOf(this.progressed, this.turn);
    return {
      ...defined({ last_line: line }),
      ...(tokens === 0 ? {} : { tokens }),
      ...(toolCalls === 0 ? {} : { tool_calls: toolCalls }),
    };
  }

  async conclude(end: DurableOver, facts: StepFacts, opened: OpenedTask): Promise<Outcome> {
    const { deps, turn, settled, request, adapter, progressed } = this;
    const { redactor } = opened;
    this.readToEnd(end);
    const known = { ...facts, stdout_tail: tailOf(redactor.text(progressed.message)) };
    const turnEnd = endOf(end, facts);
    const outcome = await withSecretScan(turn, settled, concludeTurn(progressed, turnEnd, this.circumstances(facts)));
    const turnFacts = factsOf(deps, turn, settled, progressed, outcome, opened, known);
    keepVerdict(request, outcome, redactor);
    hideSecrets(adapter, request, redactor);
    return outcomeOf(outcome, turnEnd, { ...known, turn: turnFacts }, opened);
  }

  /** Takes in what it had to say that was not read yet. */
  private readToEnd(end: DurableOver): void {
    const { adapter, request, progressed } = this;
    if ('stdoutFile' in end) this.reader ??= this.readerOf(end.stdoutFile);
    this.reader?.finish();
    const marker = progressed.final ? undefined : this.marker();
    if (marker !== undefined) progressed.final = true;
    progressed.message = answerFile(adapter, request) ?? (progressed.message || (marker ?? ''));
  }

  /** What its end is judged by, besides its end and its stream. */
  private circumstances(facts: StepFacts): Parameters<typeof concludeTurn>[2] {
    const { turn, settled, request, adapter } = this;
    return {
      ...verdictOfFiles(adapter, request),
      evidence: filesWereMade(settled.cwd, turn.prompt.files, settled.started_at),
      ...(turn.session === undefined || !goesOn(turn) ? {} : { asked: turn.session }),
      // A time of day that it named is counted from when it ended: the worker may have come later.
      now: facts.started_at + facts.duration_sec * 1000,
      wantsJson: turn.output_schema !== undefined && turn.prompt.review === undefined,
      wantsVerdict: /\bVERDICT\s*:/.test(request.prompt),
      readOnly: request.permissions === 'read',
      ofWork: turn.verdict_of_work === true,
      adapter,
    };
  }

  private readerOf(file: string): StreamReader {
    return createStreamReader(file, (line) => this.adapter.read(line, this.progressed));
  }

  private marker(): string | undefined {
    return markerText(this.turn, this.settled.started_at);
  }
}

/** Whether the agent can go on with a session: of one that cannot, another session is what is to be expected. */
function goesOn({ settings: { adapter, resume_args } }: AgentTurn): boolean {
  return adapter !== 'generic' || resume_args !== undefined;
}

function tailOf(text: string): string {
  return text.length <= TAIL ? text : text.slice(-TAIL);
}
