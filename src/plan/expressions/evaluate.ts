import type { Json } from '../model/values.js';
import { ALLOWANCE_EXCEEDED, type Allowance } from './allowance.js';
import { libraryMessage } from './library.js';
import type { Expression } from './parse.js';
import { weigh } from './meter.js';
import type { Program, Variable } from './program.js';
import { describeRead, type PrevRead, type Read } from './reads.js';
import { toCel, toJson, type CelValue } from './values.js';
import { unreachable } from '../../basics/unreachable.js';

/** What an expression can read of an ended step. */
export interface StepValues {
  status: string;
  /** Absent where no process ran, or none ended by itself; reads as null. */
  exit_code?: number;
  outputs: Readonly<Record<string, Json>>;
  attempts: number;
  /** Seconds. Absent where the step never ran; reads as null. */
  duration_sec?: number;
}

/** What an expression is worked out from. Only what it reads is looked at. */
export interface ExpressionValues {
  prev: Readonly<Record<string, StepValues>>;
  /** A name that is missing reads as ''. */
  env: Readonly<Record<string, string>>;
  inputs: Readonly<Record<string, Json>>;
  run: { readonly id: string; readonly attempt: number };
  item?: Json;
  index?: number;
  /** What all expressions together may cost here; without it each has its own bound only. */
  allowance?: Allowance;
}

export type Evaluation<T = Json> = { ok: true; value: T } | { ok: false; message: string };

/**
 * Works an expression out. The same values always give the same result, in bounded time, and nothing is thrown: an
 * output that was never written, types that do not fit, and a result that is no JSON are failures with a message.
 */
export function evaluate(expression: Expression, values: ExpressionValues): Evaluation {
  const { program, problems } = expression;
  if (program === undefined) return { ok: false, message: problems[0]?.message ?? 'the expression is wrong' };
  const { allowance } = values;
  if (allowance !== undefined && allowance.left <= 0) return { ok: false, message: ALLOWANCE_EXCEEDED };
  program.meter.reset();
  try {
    const context = contextOf(program, values);
    // What is read is turned into values of CEL first, which takes as long as it is large.
    if (allowance !== undefined) for (const value of context.values()) allowance.spend(weigh(value));
    const result: unknown = program.run(context);
    if (program.meter.exceeded !== undefined) return { ok: false, message: program.meter.exceeded };
    return { ok: true, value: toJson(result) };
  } catch (error) {
    return { ok: false, message: program.meter.exceeded ?? explain(error, program, values) };
  } finally {
    allowance?.spend(program.meter.spent);
  }
}

const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** Works a condition out: anything but true and false is a failure. */
export function evaluateCondition(expression: Expression, values: ExpressionValues): Evaluation<boolean> {
  const result = evaluate(expression, values);
  if (!result.ok) return result;
  const { value } = result;
  if (typeof value === 'boolean') return { ok: true, value };
  return { ok: false, message: 'the result is neither true nor false' };
}

/** Why a comparison was surely not meant as it came out: a text that looks like a number never equals one. */
export function textForNumber(expression: Expression, values: ExpressionValues): string | undefined {
  for (const { read, literals } of expression.comparisons) {
    const value = lookUp(read, values);
    if (typeof value !== 'string' || !NUMBER.test(value)) continue;
    const number = literals.some((literal) => typeof literal === 'number' || typeof literal === 'bigint');
    if (number) return `${describeRead(read)} is the text '${value}': ${makesNumber(read, value)}`;
  }
  return undefined;
}

/** The first text among what an expression reads that would be a number. */
function textLikeNumber({ variables }: Program, values: ExpressionValues): string | undefined {
  for (const { read, presence } of variables) {
    const value = presence ? undefined : lookUp(read, values);
    if (typeof value === 'string' && NUMBER.test(value)) {
      return `${describeRead(read)} is the text '${value}': ${makesNumber(read, value)}`;
    }
  }
  return undefined;
}

function makesNumber(read: Read, value: string): string {
  return `${value.includes('.') ? 'double' : 'int'}(${describeRead(read)}) makes it a number`;
}

function contextOf(program: Program, values: ExpressionValues): Map<string, CelValue> {
  const context = new Map<string, CelValue>();
  for (const variable of program.variables) {
    const value = valueOf(variable, values);
    if (value !== undefined) context.set(variable.name, value);
  }
  return context;
}

/** Undefined where there is none: an error, if the program comes to need it. */
function valueOf({ read, presence }: Variable, values: ExpressionValues): CelValue | undefined {
  const value = lookUp(read, values);
  if (presence) return value !== undefined;
  if (value !== undefined) return isFraction(read) ? toDouble(value) : toCel(value);
  if (read.root === 'env') return '';
  // Only of a step that is there: it may have run no process. One that is not there is an error.
  const nullable = read.root === 'prev' && (read.property === 'exit_code' || read.property === 'duration_sec');
  return nullable && own(values.prev, read.step) !== undefined ? null : undefined;
}

function lookUp(read: Read, values: ExpressionValues): Json | undefined {
  switch (read.root) {
    case 'prev':
      return lookUpStep(read, own(values.prev, read.step));
    case 'env':
      return own(values.env, read.name);
    case 'inputs':
      return own(values.inputs, read.name);
    case 'run':
      return values.run[read.name];
    case 'item':
      return values.item;
    case 'index':
      return values.index;
    default:
      return unreachable(read);
  }
}

function lookUpStep(read: PrevRead, step: StepValues | undefined): Json | undefined {
  if (step === undefined) return undefined;
  return read.property === 'outputs' ? own(step.outputs, read.output!) : step[read.property];
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A duration is never an int, even where it is whole: 12 seconds must divide as 12.5 do. */
function isFraction(read: Read): boolean {
  return read.root === 'prev' && read.property === 'duration_sec';
}

function toDouble(value: Json): CelValue {
  return typeof value === 'number' ? value : toCel(value);
}

/** The library speaks of the program's variables; the one who reads the message wrote names. */
function explain(error: unknown, program: Program, values: ExpressionValues): string {
  const message = libraryMessage(error);
  const missing = /^Unknown variable: (\w+)$/.exec(message)?.[1];
  const variable = program.variables.find(({ name }) => name === missing);
  if (variable === undefined) {
    const text = message.includes(' does not work with ') ? textLikeNumber(program, values) : undefined;
    return text === undefined ? message : `${message}; ${text}`;
  }
  const name = describeRead(variable.read);
  const testable = variable.read.root === 'prev' || variable.read.root === 'inputs';
  return `${name} has no value${testable ? `; has(${name}) checks for one` : ''}`;
}
