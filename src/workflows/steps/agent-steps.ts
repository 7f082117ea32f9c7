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
import type { StepTask } from '../../contract/step-task.js';
import { instanceId, type Instance, type StepTasks } from './step-tasks.js';

/** What the agents of a run have to do with it. */
export interface AgentsOfRun {
  program: RunProgram;
  input: RunInput;
  tasks: StepTasks;
  stateOf: () => RunState;
  apply: (event: EngineEvent) => void;
  /** Runs one piece of a step, a turn or a gate, as an activity. */
  execute(step: Step, task: StepTask): Promise<PieceReport>;
}

/** The steps of a run that are done by agents: they share its budget, and some of them are parked. */
export class AgentSteps {
  private readonly parked: ParkedSteps;
  private readonly runLedger: ReturnType<typeof createLedger>;
  private readonly numbers = new Map<string, number>();

  constructor(
    private readonly temporal: Temporal,
    private readonly run: AgentsOfRun,
  ) {
    const { apply, program } = run;
    this.parked = new ParkedSteps(temporal, {
      parked: (step, park) => apply({ type: 'step-parked', step, park, at: Date.now() }),
      unparked: (step) => apply({ type: 'step-unparked', step, at: Date.now() }),
    });
    this.runLedger = createLedger(program.plan.globals.budget);
  }

  /** Runs a step to its end. Never throws for an end that it can have. */
  execute(index: number, action: AgentAction, expanded: ExpandedStep, instance?: Instance): Promise<StepReport> {
    return runAgentStep(this.contextOf(index, action, expanded, instance));
  }

  /** A parked step has a slot again. */
  proceed(index: number): void {
    this.parked.go(index);
  }

  /** Hands what a person said to a parked step on to it. */
  tell(index: number, said: PersonsAnswer): void {
    this.parked.tell(index, said);
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
    return {
      temporal: this.temporal,
      step,
      id,
      action,
      settings: (name) => agentSettingsOf(name, plan, input.agents) ?? {},
      ...earlierWork(program, stateOf(), index, action),
      task: (stepId, before) => ({
        ...tasks.withoutAction(index, expanded, stepId, before),
        // Each turn is one execution: what comes after it is decided here, where sessions and quotas are known.
        retry: { retries: 0, delay_sec: 0, backoff: 'constant', no_retry_exit_codes: [] },
      }),
      execute: (piece, task) => this.run.execute(piece, task),
      parking: instance === undefined ? this.parked.parkingOf(index) : new InstanceParking(this.temporal),
      warn: (message) => apply({ type: 'step-warned', step: index, message, at: Date.now() }),
      runLedger: this.runLedger,
      accountKey: `${this.temporal.info().firstExecutionRunId}/${id}`,
      attempts: { count: attemptsBefore, failed: [] },
      attemptsBefore,
      numbers: this.numbers,
      maxLost: plan.globals.max_lost,
      wanted: tasks.wanted(index),
    };
  }
}
