import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GroupOrder } from '../../../src/contract/group-order.js';
import type { StepGroup } from '../../../src/contract/step-group.js';
import {
  decide,
  isRunEnd,
  startRun,
  type EngineCommand,
  type Program,
  type RunState,
} from '../../../src/engine/index.js';
import { certainlyFollows, formGroup, type GroupShape } from '../../../src/workflows/steps/form-group.js';
import { isAcyclic, programFor, scenarios, type Scenario } from '../../engine/scenarios.js';
import { propertyRuns } from '../../support/property-runs.js';

/** Plans most of whose steps are commands that succeed. */
const scenario = scenarios(['continue', 'skip', 'abort'])
  .filter(isAcyclic)
  .map((given): Scenario => {
    const { steps, outcomes, verdicts, choices } = given;
    const rarely = (i: number): boolean => choices[i]! % 6 === 0;
    Object.keys(steps).forEach((id, i) => {
      const { action, depends_on = [] } = steps[id]!;
      if (action?.type === 'agent') delete steps[id]!.action;
      if (!rarely(i) && action?.type !== 'approval') outcomes[id] = 'success';
      if (!rarely(i + 30)) verdicts[id] = 'start';
      if (!rarely(i + 60)) steps[id]!.depends_on = depends_on.slice(0, 2);
    });
    return given;
  });

test('whatever a worker begins of a group, the engine starts, in whichever order the steps end', () => {
  let groups = 0;
  let followed = 0;
  fc.assert(
    fc.property(scenario, (given) => {
      const run = new GroupedRun(given);
      run.toItsEnd();
      groups += run.groups;
      followed += run.followed;
    }),
    { numRuns: propertyRuns(1_000) },
  );
  expect(groups).toBeGreaterThan(700);
  expect(followed).toBeGreaterThan(300);
});

test('a step that only the run can start keeps all from beginning that comes after it', () => {
  // b is no command: once it has its turn, c, which is ready as well, has to wait.
  const group = { steps: ['a', null, 'c'], after: [[], [0], [0]], started: [0], ready: [], decided: [], slots: 4 };
  const order = new GroupOrder(group);
  expect(order.next()).toBe(0);
  expect(order.next()).toBeUndefined();
  order.succeeded(0);
  expect(order.next()).toBeUndefined();
});

test('a condition is looked at before anything else begins: it may fail its step, and end the run', () => {
  // c has a condition, and is ready at the same moment as b.
  const steps = ['a', 'b', null, 'd'];
  const group = { steps, after: [[], [0], [0], []], started: [0], ready: [3], decided: [2], slots: 1 };
  const order = new GroupOrder(group);
  expect(order.next()).toBe(0);
  order.succeeded(0);
  expect(order.next()).toBeUndefined();
});

/** A run by hand, whose steps a worker begins in groups wherever it may. */
class GroupedRun {
  groups = 0;
  /** Steps that groups began without the engine. */
  followed = 0;
  private readonly program: Program;
  private readonly state: RunState;
  private running: number[] = [];
  private at = 0;

  constructor(private readonly given: Scenario) {
    this.program = programFor(given);
    const { state, commands } = startRun(this.program, 0);
    this.state = state;
    this.take(commands);
  }

  toItsEnd(): void {
    while (!isRunEnd(this.state.status)) {
      if (this.running.length > 0 && this.running.every((index) => this.isPlain(index))) this.group();
      const index = this.running[this.choose(this.running.length)];
      if (index !== undefined) this.end(index);
      else return; // it waits for a person, or for a time
    }
  }

  private group(): void {
    const { program, state, given } = this;
    const started = [...this.running];
    const isDecided = (index: number): boolean => given.verdicts[this.id(index)] !== 'start';
    const mayJoin = (index: number): boolean =>
      this.isPlain(index) && certainlyFollows(program, state, index) && !isDecided(index);
    const shape = formGroup(program, state, started, mayJoin, isDecided);
    const { begun, ended } = this.work(shape);
    this.groups += 1;
    this.followed += begun.length - started.length;
    for (const place of ended) {
      expect(this.statusAt(shape, place)).toBe('running');
      this.end(shape.indexes[place]!);
    }
    for (const place of begun) expect(this.statusAt(shape, place)).not.toBe('pending');
  }

  /** What a worker does, which stops at some point: because a step fails, or because time is up. */
  private work(shape: GroupShape): { begun: number[]; ended: number[] } {
    const { cap, outcomes } = this.given;
    const order = new GroupOrder(groupOf(shape, cap));
    const [begun, ended]: [number[], number[]] = [[], []];
    const open: number[] = [];
    let left = this.choose(12);
    for (;;) {
      const next = left > 0 && open.length < cap ? order.next() : undefined;
      if (next !== undefined) {
        begun.push(next);
        open.push(next);
        continue;
      }
      const place = open.splice(this.choose(open.length), 1)[0];
      if (place === undefined) return { begun, ended };
      left -= 1;
      if (outcomes[this.id(shape.indexes[place]!)] === 'success') {
        ended.push(place);
        order.succeeded(place);
      } else left = 0;
      if (left <= 0 && this.choose(2) === 0) return { begun, ended };
    }
  }

  private end(index: number): void {
    this.at += 1;
    this.running = this.running.filter((each) => each !== index);
    const status = this.given.outcomes[this.id(index)]!;
    const report = { status, attempts: 1, ...(status === 'failed' ? { reason: 'exit_non_zero' as const } : {}) };
    this.take(decide(this.program, this.state, { type: 'step-ended', step: index, at: this.at, report }));
  }

  private take(commands: readonly EngineCommand[]): void {
    for (const command of commands) {
      if (command.type === 'start-step') this.running.push(command.step);
      if (command.type === 'stop-step') this.running = this.running.filter((index) => index !== command.step);
    }
  }

  private isPlain(index: number): boolean {
    const { action, fallback_of } = this.program.plan.steps[index]!;
    return action.type === 'command' && fallback_of === undefined && this.program.graph.fallbacks[index] === undefined;
  }

  private statusAt(shape: GroupShape, place: number): string {
    return this.state.steps[shape.indexes[place]!]!.status;
  }

  private id(index: number): string {
    return this.program.graph.ids[index]!;
  }

  private choose(of: number): number {
    const { choices } = this.given;
    return of === 0 ? 0 : choices[this.chosen++ % choices.length]! % of;
  }

  private chosen = 0;
}

function groupOf({ joins, ...shape }: GroupShape, slots: number): StepGroup {
  const steps = shape.indexes.map((index, place) => (joins[place] ? String(index) : null));
  return { ...shape, steps, slots, shared: '', tasks: { rows: 0, columns: {} } };
}
