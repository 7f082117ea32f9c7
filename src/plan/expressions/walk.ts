import type { ASTNode } from '@marcbachmann/cel-js';
import { didYouMean } from '../problems/suggest.js';
import { nameHint } from './habits.js';
import { FUNCTIONS, MACROS, METHODS } from './library.js';
import { isReadRoot, nameRead } from './names.js';
import { problem, type ExpressionProblem } from './problem.js';
import { ROOTS, unchain, type Link, type ReadSite } from './reads.js';

/** What an expression reads, the names its loops bind, and what is wrong with its names. */
export interface Names {
  sites: readonly ReadSite[];
  bound: ReadonlySet<string>;
  problems: readonly ExpressionProblem[];
}

interface Walk {
  text: string;
  sites: ReadSite[];
  bound: Set<string>;
  problems: ExpressionProblem[];
}

/** Names that a loop's element has where the walk is. */
type Scope = readonly string[];

/** Walks the whole tree, which must not be deeper than the stack can bear, and finds every name in it. */
export function findNames(root: ASTNode, text: string): Names {
  const walk: Walk = { text, sites: [], bound: new Set(), problems: [] };
  visit(walk, root, []);
  return walk;
}

function visit(walk: Walk, node: ASTNode, scope: Scope): void {
  switch (node.op) {
    case 'value':
      if (typeof node.args === 'object' && node.args !== null) {
        walk.problems.push(problem('expression_type', 'bytes and unsigned integers are not JSON values', node.start));
      }
      return;
    case 'id':
    case '.':
    case '[]':
      return visitChain(walk, node, scope);
    case 'call':
      return visitCall(walk, node, node.args[0], node.args[1], scope);
    case 'rcall':
      return visitMethod(walk, node, scope);
    default:
      for (const child of childrenOf(node)) visit(walk, child, scope);
  }
}

/** The operands of an operator or of a literal; of calls and of chains too, but for names. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    default:
      return node.args;
  }
}

function visitChain(walk: Walk, node: ASTNode, scope: Scope): void {
  const { root, links } = unchain(node);
  const rest = root.op === 'id' ? visitName(walk, root.args, root.start, links, scope) : links;
  if (root.op !== 'id') visit(walk, root, scope);
  for (const link of rest) if (link.index !== undefined) visit(walk, link.index, scope);
}

/** Looks a name up; returns the links that are no part of it. */
function visitName(walk: Walk, name: string, offset: number, links: readonly Link[], scope: Scope): readonly Link[] {
  if (scope.includes(name)) return links;
  if (name === 'item' || name === 'index') {
    walk.sites.push({ read: { root: name, offset }, presence: false, start: offset, end: offset + name.length });
    return links;
  }
  if (!isReadRoot(name)) {
    const known = [...ROOTS, ...scope];
    const hint = nameHint(name) ?? didYouMean(name, known) ?? `an expression knows ${known.join(', ')}`;
    walk.problems.push(problem('unknown_name', `'${name}' is not a known name`, offset, hint));
    return links;
  }
  const named = nameRead(name, links, offset, walk.text);
  if ('problem' in named) {
    walk.problems.push(named.problem);
    return [];
  }
  const end = links[named.length - 1]!.node.end;
  addSite(walk, { read: named.read, presence: false, start: offset, end }, CHAIN);
  return links.slice(named.length);
}

const STRING = String.raw`(?:'[^'\\\n]*'|"[^"\\\n]*")`;
const LINKS = String.raw`[A-Za-z]+(?:\s*\.\s*\w+|\s*\[\s*${STRING}\s*\])+`;
const CHAIN = new RegExp(`^${LINKS}$`);
const PRESENCE = new RegExp(String.raw`^has\s*\(\s*${LINKS}\s*\)$`);

/** Keeps a site, if its text is that and nothing more: `(prev).a.status` has half a parenthesis in it. */
function addSite(walk: Walk, site: ReadSite, shape: RegExp): void {
  if (shape.test(walk.text.slice(site.start, site.end))) walk.sites.push(site);
  else {
    const hint = 'no parentheses, comments or escapes inside it';
    walk.problems.push(problem('expression_syntax', 'a name must be written plainly', site.start, hint));
  }
}

function visitCall(walk: Walk, node: ASTNode, name: string, args: readonly ASTNode[], scope: Scope): void {
  if (!FUNCTIONS.some((known) => known === name)) {
    const hint = didYouMean(name, FUNCTIONS) ?? `the functions are ${FUNCTIONS.join(', ')}`;
    walk.problems.push(problem('unknown_function', `there is no function '${name}'`, node.start, hint));
  }
  if (name === 'has' && args.length === 1 && visitPresence(walk, node, args[0]!, scope)) return;
  for (const argument of args) visit(walk, argument, scope);
}

/** `has(prev.a.outputs.x)` asks for the read as a whole; a longer chain is the library's business. */
function visitPresence(walk: Walk, call: ASTNode, argument: ASTNode, scope: Scope): boolean {
  const { root, links } = unchain(argument);
  if (root.op !== 'id' || scope.includes(root.args) || !isReadRoot(root.args)) return false;
  const named = nameRead(root.args, links, root.start, walk.text);
  if ('problem' in named || named.length !== links.length) return false;
  addSite(walk, { read: named.read, presence: true, start: call.start, end: call.end }, PRESENCE);
  return true;
}

function visitMethod(walk: Walk, node: Extract<ASTNode, { op: 'rcall' }>, scope: Scope): void {
  const [name, receiver, args] = node.args;
  visit(walk, receiver, scope);
  if (MACROS.some((macro) => macro === name) && args.length > 1) {
    const [element, ...bodies] = args;
    const inner = element?.op === 'id' ? bind(walk, element.args, element.start, scope) : scope;
    for (const body of bodies) visit(walk, body, inner);
    return;
  }
  const known: readonly string[] = [...METHODS, ...MACROS];
  if (!known.includes(name)) {
    const hint = METHOD_HINTS.get(name) ?? didYouMean(name, known) ?? `the methods are ${known.join(', ')}`;
    walk.problems.push(
      problem('unknown_function', `there is no method '${name}'`, methodOffset(walk, name, receiver), hint),
    );
  }
  for (const argument of args) visit(walk, argument, scope);
}

const METHOD_HINTS: ReadonlyMap<string, string> = new Map([['matches', 'use startsWith, endsWith, contains or ==']]);

function methodOffset(walk: Walk, name: string, receiver: ASTNode): number {
  const at = walk.text.indexOf(name, receiver.end);
  return at < 0 ? receiver.start : at;
}

function bind(walk: Walk, name: string, offset: number, scope: Scope): Scope {
  if (ROOTS.some((root) => root === name)) {
    walk.problems.push(
      problem('expression_syntax', `'${name}' already has a meaning`, offset, 'use another name for the element'),
    );
  }
  walk.bound.add(name);
  return [...scope, name];
}
