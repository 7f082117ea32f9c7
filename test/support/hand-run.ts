import type { RunInput } from '../../src/contract/run-input.js';
import type { ItemCounts, ProgressView } from '../../src/contract/run-messages.js';
import type { StepTask } from '../../src/contract/step-task.js';
import { CARRIED_VERSION, type CarriedRun } from '../../src/contract/carried-run.js';
import { jsonCopy } from '../../src/contract/columns.js';
import {
  decide,
  restore,
  snapshot,
  startRun,
  type EngineCommand,
  type EngineEvent,
  type RunState,
  type StepReport,
  type StepState,
} from '../../src/engine/index.js';
import { checkPlanSet } from '../../src/plan/files/check-set.js';
import { buildGraph } from '../../src/plan/graph/graph.js';
import { carriedSteps } from '../../src/workflows/run/carried-steps.js';
import { createProgram } from '../../src/workflows/program/program.js';
import { progressView } from '../../src/workflows/run/views.js';
import { StepRunner } from '../../src/workflows/steps/step-runner.js';
import { HandTemporal, type Asked } from './hand-temporal.js';

/** The last version that hands each step to the worker by itself. What later ones do with groups of steps needs a worker. */
const EACH_BY_ITSELF = 5;

/** A run without a server: the engine and the runner of steps, with a Temporal that the test moves by hand. */
export class HandRun {
  readonly temporal = new HandTemporal();
  /** All that the engine has heard. */
  readonly events: EngineEvent[] = [];
  /** Instances of a `foreach` that began, and their ends. */
  readonly instances: [step: number, instance: number, status?: StepReport['status']][] = [];
  readonly state: RunState;
  private readonly program: ReturnType<typeof createProgram>;
  private readonly runner: StepRunner;

  private constructor(
    private readonly source: object,
    private readonly plans: Record<string, unknown>,
    private readonly input: Partial<RunInput>,
    private readonly locks: string[],
  ) {
    const checked = checkPlanSet({ source, plans, path: 'plan.yaml' });
    if (!checked.ok) throw new Error(JSON.stringify(checked.error));
    const { plan, plans: subPlans } = checked.value;
    const pinned = Object.fromEntries(
      Object.entries(plans).map(([path, each]) => [path, { plan: each, digest: path }]),
    );
    const whole: RunInput = {
      engine_version: EACH_BY_ITSELF,
      plan: source,
      digest: 'digest',
      plan_path: 'plan.yaml',
      plans: pinned,
      inputs: {},
      env: {},
      ...input,
    };
    const program = createProgram(this.temporal, { plan, graph: buildGraph(plan), subPlans }, whole, 'run');
    this.program = program;
    const { carried } = input;
    const { state, commands } =
      carried === undefined
        ? startRun(program, Date.now(), { leftOut: new Set(), reused: new Map() })
        : { state: restore(carried.state, program.graph.ids), commands: [] };
    this.state = state;
    this.runner = new StepRunner(this.temporal, program, whole, {
      heldLocks: locks,
      parent: this.temporal.root,
      stateOf: () => state,
      apply: (event) => this.apply(event),
      mayStart: () => true,
      landed: () => {},
      land: (take) => take(),
      mayGoOn: () => true,
      onInstance: (step, instance, { report }) => void this.instances.push([step, instance, ...statusOf(report)]),
    });
    this.carryOut(commands);
    if (carried === undefined) return;
    state.steps.forEach(({ status, park }, step) => {
      if (status === 'running' || park !== undefined) this.runner.start(step);
    });
    this.apply({ type: 'starts-held', held: false, at: Date.now() });
  }

  /** Starts a plan, given by its steps. */
  static async of(
    steps: object[],
    { globals, plans = {}, input = {}, locks = [] }: HandRunOptions = {},
  ): Promise<HandRun> {
    const source = { plan_id: 'test', version: '1.0', steps, ...(globals === undefined ? {} : { globals }) };
    const run = new HandRun(source, plans, input, locks);
    await run.temporal.settled();
    return run;
  }

  /** Whether it could go on in a new history: what is being stopped, or ends now, is for this one. */
  get goes(): boolean {
    const stops = this.state.steps.some(
      ({ stopping, finishedAt }) => stopping !== undefined && finishedAt === undefined,
    );
    return !stops && this.runner.inFlight.staying('busy').length === 0;
  }

  /** The run in a new history: what was under way is asked for again. */
  async goOn(): Promise<HandRun> {
    const carried = {
      v: CARRIED_VERSION,
      plans: { plan: {}, plans: [], packed: 0 },
      state: snapshot(this.state, this.program.graph.ids, carriedSteps(this.program, this.state)),
      running: this.runner.inFlight.processes(),
      ...this.runner.carry(),
      created_at: 0,
      events: 0,
      timers: [],
      waits: [],
    };
    const input = { ...this.input, carried: jsonCopy(carried) as unknown as CarriedRun };
    const next = new HandRun(this.source, this.plans, input, this.locks);
    await next.temporal.settled();
    return next;
  }

  /** Hands the engine what a person, a timer or Temporal would. */
  async hears(event: EngineEvent): Promise<void> {
    this.apply(event);
    await this.temporal.settled();
  }

  /** What the run answers who follows it. */
  progress(since?: number): ProgressView {
    const itemsOf = (step: number): ItemCounts | undefined => this.runner.itemsOf(step);
    return progressView('run', this.program, this.state, { since, itemsOf });
  }

  step(id: string): StepState {
    return this.state.steps[this.program.graph.index.get(id)!]!;
  }

  /** The report of a step that has ended. */
  report(id: string): StepReport | undefined {
    return this.step(id).report;
  }

  private apply(event: EngineEvent): void {
    this.events.push(event);
    this.carryOut(decide(this.program, this.state, event));
    if (event.type === 'run-cancel-requested' && event.force) this.runner.force();
  }

  /** Whether a group is under way, of which the run hears before all else. */
  get busy(): boolean {
    return this.runner.busy;
  }

  private carryOut(todo: readonly EngineCommand[]): void {
    for (const command of todo) {
      if (command.type === 'start-step') this.runner.start(command.step);
      else if (command.type === 'stop-step') this.runner.stop(command.step);
      else if (command.type === 'continue-step') this.runner.proceed(command.step);
      else if (command.type === 'tell-step') this.runner.tell(command.step, command.said);
    }
    this.runner.flush();
  }
}

/** What a run by hand may be given besides its steps. */
export interface HandRunOptions {
  globals?: object;
  /** Sub-plans by path. */
  plans?: Record<string, unknown>;
  input?: Partial<RunInput>;
  /** Locks that the run holds anyway. */
  locks?: string[];
}

/** The task of an activity `runStep`. */
export function taskOf({ args }: Asked): StepTask {
  const [given] = args as [StepTask | { task: StepTask }];
  return 'task' in given ? given.task : given;
}

/** What an execution leaves behind that ended well. */
export function success(more: object = {}): object {
  return {
    status: 'success',
    attempts: 1,
    started_at: 1,
    duration_sec: 1,
    stdout_tail: '',
    stderr_tail: '',
    log_dir: '/logs',
    ...more,
  };
}

function statusOf(report: StepReport | undefined): [StepReport['status']] | [] {
  return report === undefined ? [] : [report.status];
}
