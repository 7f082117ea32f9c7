import type { ASTNode } from '@marcbachmann/cel-js';
import { defined } from '../../basics/defined.js';

/** What `prev.<step>` has. */
export const STEP_PROPERTIES = ['status', 'exit_code', 'outputs', 'attempts', 'duration_sec'] as const;
type StepProperty = (typeof STEP_PROPERTIES)[number];

/** What `prev.<step>.status` may be: only steps that have ended are read. */
export const STEP_ENDS = ['success', 'warning', 'failed', 'skipped', 'canceled'] as const;

/** What `run` has. */
export const RUN_PROPERTIES = ['id', 'attempt'] as const;
type RunProperty = (typeof RUN_PROPERTIES)[number];

/** The names that an expression may begin with. */
export const ROOTS = ['prev', 'env', 'inputs', 'run', 'item', 'index'] as const;

/** A use of an earlier step's result. `output` is set where the property is `outputs`. */
export interface PrevRead {
  step: string;
  property: StepProperty;
  output?: string;
  /** Where it is read first. */
  offset: number;
}

/** One value that an expression needs from outside. */
export type Read =
  | ({ root: 'prev' } & PrevRead)
  | { root: 'env' | 'inputs'; name: string; offset: number }
  | { root: 'run'; name: RunProperty; offset: number }
  | { root: 'item' | 'index'; offset: number };

/** All that an expression reads, each once. */
export interface ExpressionReads {
  prevSteps: readonly PrevRead[];
  env: readonly string[];
  inputs: readonly string[];
  run: readonly RunProperty[];
  item: boolean;
  index: boolean;
}

/** A place of the text that stands for a read. With `presence` it is `has(…)` round it. */
export interface ReadSite {
  read: Read;
  presence: boolean;
  start: number;
  end: number;
}

/** One `.name`, `['name']` or `[expression]` of a chain. */
export interface Link {
  node: ASTNode;
  /** Absent where the index is computed. */
  key?: string;
  /** The expression in brackets. */
  index?: ASTNode;
}

/** Takes `a.b['c']` apart into its root and its links, in reading order. */
export function unchain(node: ASTNode): { root: ASTNode; links: Link[] } {
  const links: Link[] = [];
  let root = node;
  while (root.op === '.' || root.op === '[]') {
    if (root.op === '.') links.push({ node: root, key: root.args[1] });
    else {
      const index = root.args[1];
      const literal = index.op === 'value' && typeof index.args === 'string' ? index.args : undefined;
      links.push({ node: root, index, ...defined({ key: literal }) });
    }
    root = root.args[0];
  }
  return { root, links: links.toReversed() };
}

/** Lists the reads by kind, without repetitions. */
export function summariseReads(reads: readonly Read[]): ExpressionReads {
  const prevSteps = new Map<string, PrevRead>();
  for (const read of reads) {
    if (read.root !== 'prev' || prevSteps.has(readKey(read))) continue;
    const { root: _, ...rest } = read;
    prevSteps.set(readKey(read), rest);
  }
  const names = (root: 'env' | 'inputs') => [
    ...new Set(reads.flatMap((read) => (read.root === root ? [read.name] : []))),
  ];
  return {
    prevSteps: [...prevSteps.values()],
    env: names('env'),
    inputs: names('inputs'),
    run: [...new Set(reads.flatMap((read) => (read.root === 'run' ? [read.name] : [])))],
    item: reads.some((read) => read.root === 'item'),
    index: reads.some((read) => read.root === 'index'),
  };
}

/** The same for two reads of the same value. */
export function readKey(read: Read): string {
  if (read.root === 'prev') return JSON.stringify([read.root, read.step, read.property, read.output]);
  return JSON.stringify('name' in read ? [read.root, read.name] : [read.root]);
}

/** A read as a person writes it. */
export function describeRead(read: Read): string {
  if (read.root !== 'prev') return 'name' in read ? `${read.root}${member(read.name)}` : read.root;
  const output = read.output === undefined ? '' : member(read.output);
  return `prev${member(read.step)}.${read.property}${output}`;
}

/** `.name`, or `['kebab-name']` where a dot would not do. */
export function member(name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return `.${name}`;
  return name.includes("'") ? `["${name}"]` : `['${name}']`;
}
