import type { ASTNode } from '@marcbachmann/cel-js';
import { isReadRoot, nameRead } from './names.js';
import { unchain, type Read } from './reads.js';
import { childrenOf } from './walk.js';

/** A value that is read, next to what it is compared with: `prev.a.status == 'success'`, `inputs.mode in ['a', 'b']`. */
export interface Comparison {
  read: Read;
  literals: readonly (string | number | bigint | boolean)[];
}

/** Finds where a whole read is compared with literals, for being equal or not. */
export function findComparisons(root: ASTNode, text: string): Comparison[] {
  const found: Comparison[] = [];
  let level: readonly ASTNode[] = [root];
  while (level.length > 0) {
    for (const node of level) {
      const comparison = comparisonOf(node, text);
      if (comparison !== undefined) found.push(comparison);
    }
    level = level.flatMap(childrenOf);
  }
  return found;
}

function comparisonOf(node: ASTNode, text: string): Comparison | undefined {
  if (node.op !== '==' && node.op !== '!=' && node.op !== 'in') return undefined;
  const [left, right] = node.args;
  const read = readOf(left, text);
  if (read !== undefined) return withLiterals(read, right.op === 'list' ? right.args : [right]);
  const other = node.op === 'in' ? undefined : readOf(right, text);
  return other && withLiterals(other, [left]);
}

function withLiterals(read: Read, nodes: readonly ASTNode[]): Comparison {
  return { read, literals: nodes.flatMap((node) => literalOf(node) ?? []) };
}

function literalOf(node: ASTNode): Comparison['literals'] | undefined {
  if (node.op === '-_') {
    const value = node.args.op === 'value' ? node.args.args : undefined;
    return typeof value === 'number' || typeof value === 'bigint' ? [-value] : undefined;
  }
  if (node.op !== 'value') return undefined;
  const value: unknown = node.args;
  return typeof value === 'object' || value === undefined ? undefined : [value as string];
}

/** The read that a node is, as a whole: `prev.a.outputs.list[0]` is none. */
function readOf(node: ASTNode, text: string): Read | undefined {
  const { root, links } = unchain(node);
  if (root.op !== 'id' || !isReadRoot(root.args)) return undefined;
  const named = nameRead(root.args, links, root.start, text);
  return 'read' in named && named.length === links.length ? named.read : undefined;
}
