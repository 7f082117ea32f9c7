import type { ASTNode } from '@marcbachmann/cel-js';
import { MACROS } from './library.js';
import { childrenOf } from './walk.js';

/** What one evaluation may cost: about a unit for each operation, element and eight characters it touches. Half a second. */
const BUDGET = 2_000_000;
/** What an error costs: it is made with its stack and a drawing of its place, and `||` and `exists` go on after it. */
const ERROR_COST = 200;
/** The largest value that an expression may make. Values share parts, so their size in memory says little. */
const MAX_WEIGHT = 1_000_000;

/**
 * Bounds the time of an evaluation. The library bounds the depth of an expression, not its cost: loops in loops, and
 * lists doubled over and over, would take hours or all memory in a few hundred characters.
 */
export interface Meter {
  /** Starts anew; call it before each evaluation. */
  reset(): void;
  /** What the evaluation has cost so far. */
  readonly spent: number;
  /** Why the evaluation was ended, if it was. `||` and `exists` swallow errors, so look even where a result came. */
  readonly exceeded: string | undefined;
}

type Evaluate = (this: ASTNode, evaluator: unknown, node: ASTNode, context: unknown) => unknown;

/** Puts a meter into a parsed and checked tree. The same evaluation always costs the same, also when replayed. */
export function installMeter(root: ASTNode): Meter {
  let left = BUDGET;
  let exceeded: Error | undefined;
  const spend: Spend = (cost, size) => {
    left -= cost;
    if (left < 0) exceeded ??= new Error('the expression takes too long');
    else if (size > MAX_WEIGHT) exceeded ??= new Error('the expression creates a value that is too large');
    // The same one again, however often it is swallowed: making errors is what takes long then.
    if (exceeded !== undefined) throw exceeded;
  };
  meterTree(root, spend);
  return {
    reset() {
      left = BUDGET;
      exceeded = undefined;
    },
    get spent() {
      return BUDGET - left;
    },
    get exceeded() {
      return exceeded?.message;
    },
  };
}

type Spend = (cost: number, size: number) => void;

/** What is done with the result of a node. */
type Charge = (result: unknown) => void;

function meterTree(root: ASTNode, spend: Spend): void {
  const pending: [ASTNode, Charge][] = [[root, () => spend(1, 0)]];
  for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
    const [node, charge] = entry;
    const made: Charge | undefined = MAKERS.has(node.op) ? (result) => spend(1, weigh(result)) : undefined;
    meterNode(node, {
      result: (result) => {
        made?.(result);
        charge(result);
      },
      error: () => spend(ERROR_COST, 0),
    });
    const operand = operandCharge(node, spend);
    for (const child of childrenOf(node)) pending.push([child, operand(child)]);
  }
}

/** Operators whose result may be larger than what it was made of. */
const MAKERS: ReadonlySet<string> = new Set(['+', 'list', 'map', 'call', 'rcall']);
/** Operators that go through their operands from end to end. */
const WALKERS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', 'in', '+', 'list', 'map', 'call']);

function operandCharge(node: ASTNode, spend: Spend): (child: ASTNode) => Charge {
  if (WALKERS.has(node.op)) return () => (result) => spend(weigh(result), 0);
  if (node.op !== 'rcall') return () => () => spend(1, 0);
  // A loop goes through what it loops over; its bodies have their own costs.
  if (MACROS.some((macro) => macro === node.args[0])) {
    return (child) => (result) => spend(child === node.args[1] ? weigh(result) : 1, 0);
  }
  // A search may look at each character of one string for each of the other's; a join repeats its separator.
  const operands = new Map<ASTNode, number>();
  const count = childrenOf(node).length;
  return (child) => (result) => {
    operands.set(child, weigh(result));
    if (operands.size < count) return;
    let product = 1;
    for (const weight of operands.values()) product *= weight;
    // Nothing is kept for the next time, which must cost the same.
    operands.clear();
    spend(product, 0);
  };
}

/**
 * Replaces a node's `evaluate`. The library keeps its own way of evaluating there after the first call, and calls
 * itself again through it; that first pass is not counted, or a second evaluation would be cheaper than the first.
 */
function meterNode(node: ASTNode, charge: { result: Charge; error: () => void }): void {
  const target = node as ASTNode & { evaluate: Evaluate };
  let evaluate: Evaluate | undefined;
  const resolve = target.evaluate;
  const metered: Evaluate = function metered(evaluator, ast, context) {
    if (evaluate === undefined) {
      const first = resolve.call(node, evaluator, ast, context);
      if (evaluate === undefined)
        throw new Error('Internal error: the CEL library evaluates in a way that is not metered');
      return first;
    }
    let result: unknown;
    try {
      result = evaluate.call(node, evaluator, ast, context);
    } catch (error) {
      charge.error();
      throw error;
    }
    charge.result(result);
    return result;
  };
  Object.defineProperty(target, 'evaluate', {
    get: () => metered,
    set: (replacement: Evaluate) => {
      evaluate = replacement;
    },
  });
}

const weights = new WeakMap<object, number>();

/** How many elements a value has, all levels counted, and its characters by eights. */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return 1 + value.length / 8;
  if (typeof value !== 'object' || value === null) return 1;
  const known = weights.get(value);
  if (known !== undefined) return known;
  let weight = 1;
  for (const part of partsOf(value)) weight += weigh(part);
  weights.set(value, weight);
  return weight;
}

function* partsOf(value: object): Generator {
  if (value instanceof Map) {
    for (const entry of value) yield* entry;
  } else if (Array.isArray(value)) yield* value;
  else for (const entry of Object.entries(value)) yield* entry;
}
