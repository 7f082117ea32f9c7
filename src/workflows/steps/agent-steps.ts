import type { AgentProgress, CarriedAgent, CarriedAgents } from '../../contract/carried-agent.js';
import type { RunInput } from '../../contract/run-input.js';
import type { EngineEvent, RunState, PersonsAnswer, StepReport } from '../../engine/index.js';
import { agentSettingsOf } from '../../plan/check/agent-names.js';
import type { AgentAction } from '../../plan/model/agent.js';
import type { Step } from '../../plan/model/plan.js';
import type { ExpandedStep } from '../../plan/templates/expand-step.js';
import type { AgentStepContext, PieceReport } from '../agent-step/context.js';
import { earlierWork } from '../agent-step/earlier-work.js';
import { createLedger } from '../agent-step/ledger.js';
import { InstanceParking, ParkedSteps } from '../agent-step/parking.js';
import { runAgentStep } from '../agent-step/run-agent-step.js';
import type { RunProgram } from '../program/program.js';
import type { Temporal } from '../temporal/temporal.js';
import { jsonCopy } from '../../contract/columns.js';
import { defined } from '../../basics/defined.js';
import type { StepTask } from '../../contract/step-task.js';
import { countsOf, instanceId, packedCounts, type Instance, type StepTasks } from './step-tasks.js';

/** What the agents of a run have to do with it. */
export interface AgentsOfRun {
  program: RunProgram;
  input: RunInput;
  tasks: StepTasks;
  stateOf: () => RunState;
  apply: (event: EngineEvent) => void;
  /** Runs one piece of a step, a turn or a gate, as an activity. */
  execute(step: Step, task: StepTask, flight: AgentFlight): Promise<PieceReport>;
  /** A piece has ended. */
  landed(task: Pick<StepTask, 'step_id'>): void;
}

/** Says of an agent's step whether a new history would find again what it has under way. */
export interface AgentFlight {
  rests: boolean;
}

/** An agent's step that is under way. */
interface OpenAgent {
  index: number;
  context: AgentStepContext;
  flight: AgentFlight;
}

/** The steps of a run that are done by agents: they share its budget, and some of them are parked. */
export class AgentSteps {
  private readonly parked: ParkedSteps;
  private readonly runLedger: ReturnType<typeof createLedger>;
  private readonly numbers: Map<string, number>;
  private readonly open = new Map<string, OpenAgent>();
  /** Of an earlier history, and not taken up yet. */
  private readonly before: Map<string, CarriedAgent>;

  constructor(
    private readonly temporal: Temporal,
    private readonly run: AgentsOfRun,
  ) {
    const { apply, program, input } = run;
    const { steps, ledger, numbers } = input.carried?.agents ?? {};
    this.before = new Map(steps);
    this.numbers = new Map(countsOf(numbers));
    this.parked = new ParkedSteps(temporal, {
      parked: (step, park) => apply({ type: 'step-parked', step, park, at: Date.now() }),
      unparked: (step) => apply({ type: 'step-unparked', step, at: Date.now() }),
    });
    this.runLedger = createLedger(program.plan.globals.budget, ledger);
  }

  /** Runs a step to its end. Never throws for an end that it can have. */
  execute(index: number, action: AgentAction, expanded: ExpandedStep, instance?: Instance): Promise<StepReport> {
    return runAgentStep(this.contextOf(index, action, expanded, instance));
  }

  /** Whether an earlier history has begun it, and this one has yet to go on with it. */
  goesOn(id: string): boolean {
    return this.before.has(id);
  }

  /** Whether it could go on in a new history now: not while it asks for a quota, say, or commits its work. */
  rests(id: string): boolean {
    const { flight, context } = this.open.get(id)!;
    const { wait, retry_at } = context.progress;
    return flight.rests || wait !== undefined || retry_at !== undefined;
  }

  /** A step that may have been one of an agent has ended. */
  ended(id: string): void {
    this.open.delete(id);
  }

  /** What goes along to a new history. */
  carry(): CarriedAgents {
    const open = [...this.open].map(([id, each]): [string, CarriedAgent] => [id, this.carried(each)]);
    return {
      steps: [...this.before, ...open],
      ledger: this.runLedger.carry(),
      numbers: packedCounts(this.run.tasks.lasting(this.numbers)),
    };
  }

  /** A parked step has a slot again. */
  proceed(index: number): void {
    this.parked.go(index);
  }

  /** Hands what a person said to a parked step on to it. */
  tell(index: number, said: PersonsAnswer): void {
    this.parked.tell(index, said);
  }

  private carried({ index, context }: OpenAgent): CarriedAgent {
    const { progress, attempts, ledger } = context;
    const said = this.parked.saidTo(index);
    return {
      progress,
      attempts,
      ledger: ledger.carry(),
      ...(progress.wait !== undefined && defined({ said })),
    };
  }

  private contextOf(
    index: number,
    action: AgentAction,
    expanded: ExpandedStep,
    instance: Instance | undefined,
  ): AgentStepContext {
    const { program, input, tasks, stateOf, apply } = this.run;
    const { plan } = program;
    const step = plan.steps[index]!;
    const id = instanceId(step, instance);
    const attemptsBefore = tasks.executions(id);
    const { session, context: earlier } = earlierWork(program, stateOf(), index, action);
    const before = this.before.get(id);
    const carried = before === undefined ? undefined : jsonCopy(before);
    this.before.delete(id);
    const fresh = { fix_rounds: 0, losses: 0, failures: 0, rounds_left: action.max_fix_rounds };
    const progress: AgentProgress = carried?.progress ?? { ...fresh, ...defined({ session }) };
    const flight = { rests: false };
    if (carried !== undefined && instance === undefined) this.parked.goOn(index, stateOf().steps[index]!, carried.said);
    const context: AgentStepContext = {
      temporal: this.temporal,
      step,
      id,
      action,
      settings: (name) => agentSettingsOf(name, plan, input.agents) ?? {},
      context: earlier,
      progress,
      task: (stepId, before) => ({
        ...tasks.withoutAction(index, expanded, stepId, before),
        // Each turn is one execution: what comes after it is decided here, where sessions and quotas are known.
        retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
      }),
      execute: (piece, task) => this.run.execute(piece, task, flight),
      landed: (task) => {
        flight.rests = false;
        this.run.landed(task);
      },
      parking:
        instance === undefined ? this.parked.parkingOf(index, progress) : new InstanceParking(this.temporal, progress),
      warn: (message) => apply({ type: 'step-warned', step: index, message, at: Date.now() }),
      ledger: createLedger(action.budget, carried?.ledger),
      runLedger: this.runLedger,
      accountKey: `${this.temporal.info().firstExecutionRunId}/${id}`,
      attempts: carried?.attempts ?? { count: attemptsBefore, failed: [] },
      attemptsBefore,
      numbers: this.numbers,
      maxLost: plan.globals.max_lost,
      wanted: tasks.wanted(index),
    };
    this.open.set(id, { index, context, flight });
    return context;
  }
}
