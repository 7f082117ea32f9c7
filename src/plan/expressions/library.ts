import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import type { ExpressionCode } from '../problems/codes.js';
import { problem, type ExpressionProblem } from './problem.js';

/**
 * Functions and methods that an expression may call. The library has more; left out on purpose are
 * - `matches`: its patterns are JavaScript's, which can take exponential time;
 * - `timestamp`, `duration` and their methods: they follow the time zone and the locale of the machine, so that a run
 *   could decide differently when it is replayed elsewhere;
 * - `bytes`, `uint` and `type`: their values are no JSON;
 * - `cel.bind`: a name for a value is what inputs and outputs are for.
 */
export const FUNCTIONS = ['has', 'size', 'string', 'int', 'double', 'bool', 'dyn'] as const;
/** Methods that loop over a list or the keys of a map, with a name for the element. */
export const MACROS = ['all', 'exists', 'exists_one', 'map', 'filter'] as const;
/** The other methods, of strings, lists and maps. */
export const METHODS = [
  'size',
  'contains',
  'startsWith',
  'endsWith',
  'indexOf',
  'lastIndexOf',
  'substring',
  'lowerAscii',
  'upperAscii',
  'trim',
  'split',
  'join',
] as const;

const ENVIRONMENT = createEnvironment();

/** Parses without looking at names. Throws what the library throws. */
export function parseText(text: string): ASTNode {
  return ENVIRONMENT.parse(text).ast;
}

/** Environments by the variables that they know: most expressions of a plan look alike, and making one costs more than parsing. */
const known = new Map<string, Environment>();
const MAX_KNOWN = 200;

/** The environment of an expression whose only names are these. */
export function environmentWith(variables: readonly { name: string; type: string }[]): Environment {
  const key = variables.map(({ name, type }) => `${name}:${type}`).join();
  let environment = known.get(key);
  if (environment === undefined) {
    environment = ENVIRONMENT.clone();
    for (const { name, type } of variables) environment.registerVariable(name, type);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, environment);
  }
  return environment;
}

/** Turns whatever the library threw into a problem; its drawing of the place is left out, since diagnostics have carets. */
export function fromLibrary(error: unknown, code: ExpressionCode): ExpressionProblem {
  if ((error as { code?: unknown } | undefined)?.code === 'limit_exceeded') {
    return tooLong('it has too many parts', libraryOffset(error));
  }
  return problem(code, libraryMessage(error), libraryOffset(error));
}

/** The problem of an expression that is beyond one of the limits. */
export function tooLong(reason: string, offset?: number): ExpressionProblem {
  return problem(
    'expression_too_long',
    `the expression is too long: ${reason}`,
    offset,
    'let a step compute it and write an output',
  );
}

/** What the library says, in one line. */
export function libraryMessage(error: unknown): string {
  if (error instanceof RangeError) return 'the expression is too large to evaluate';
  const { summary, message } = error as { summary?: unknown; message?: unknown };
  const said = typeof summary === 'string' ? summary : message;
  if (typeof said !== 'string') return 'the expression cannot be evaluated';
  const character = /^Unexpected character: (.)$/.exec(said)?.[1];
  if (character !== undefined) return `unexpected character '${character}'`;
  const unfit = unfitOperands(said);
  if (unfit !== undefined) return unfit;
  return said.replace(/\b(?:Expected|got|token:) [A-Z]+\b/g, (whole) => {
    const [before, token] = whole.split(' ') as [string, string];
    return `${before} ${TOKENS[token] ?? token.toLowerCase()}`;
  });
}

/** What an operator was given that it does not take. `dyn` says only that the type was not known beforehand. */
function unfitOperands(said: string): string | undefined {
  const types = said.replace(/^no such overload: /, '');
  if (types === said) return undefined;
  const [, left, operator, right] = /^(?:(\S+) )?(\S+?) ?([a-z]\S*)$/.exec(types.replace(/dyn<([^<>]*)>/g, '$1')) ?? [];
  if (operator === undefined) return said;
  return `'${operator}' does not work with ${left === undefined ? right : `${left} and ${right}`}`;
}

function libraryOffset(error: unknown): number | undefined {
  const start = (error as { range?: { start?: unknown } } | undefined)?.range?.start;
  return typeof start === 'number' ? start : undefined;
}

/** The library's names of tokens, as they are written. */
const TOKENS: Readonly<Record<string, string>> = {
  EOF: 'the end',
  IDENTIFIER: 'a name',
  PLUS: "'+'",
  MINUS: "'-'",
  MULTIPLY: "'*'",
  DIVIDE: "'/'",
  MODULO: "'%'",
  EQ: "'=='",
  NE: "'!='",
  LT: "'<'",
  LE: "'<='",
  GT: "'>'",
  GE: "'>='",
  AND: "'&&'",
  OR: "'||'",
  NOT: "'!'",
  IN: "'in'",
  LPAREN: "'('",
  RPAREN: "')'",
  LBRACKET: "'['",
  RBRACKET: "']'",
  LBRACE: "'{'",
  RBRACE: "'}'",
  DOT: "'.'",
  COMMA: "','",
  COLON: "':'",
  QUESTION: "'?'",
};

function createEnvironment(): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 5000, maxDepth: 128 },
  });
  // A number of JSON is an int where it is whole: without these, `x * 1.5` would fail for some values of x only.
  const mixed: Record<string, (a: number, b: number) => number> = {
    '+': (a, b) => a + b,
    '-': (a, b) => a - b,
    '*': (a, b) => a * b,
    '/': (a, b) => a / b,
  };
  for (const [operator, compute] of Object.entries(mixed)) {
    const handler = (a: number | bigint, b: number | bigint) => compute(Number(a), Number(b));
    environment.registerOperator(`int ${operator} double: double`, handler);
    environment.registerOperator(`double ${operator} int: double`, handler);
  }
  return environment;
}
