import { isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Segment } from '../problems/paths.js';
import type { Locator } from './faults.js';
import { isMergeKey, keyText, startOf, type Targets } from './yaml-value.js';

/** Finds the parts of a YAML document; what stands behind an alias or a merge is found where it is written. */
export function yamlLocator(contents: unknown, targets: Targets): Locator {
  const resolve = (node: unknown): unknown => (isAlias(node) ? targets.get(node) : node);
  const findPair = (node: unknown, key: string): Pair | undefined => {
    const map = resolve(node);
    if (isSeq(map)) return firstOf(map.items, (item) => findPair(item, key));
    if (!isMap(map)) return undefined;
    return (
      map.items.find((pair) => !isMergeKey(pair) && isScalar(pair.key) && keyText(pair.key) === key) ??
      firstOf(map.items, (pair) => (isMergeKey(pair) ? findPair(pair.value, key) : undefined))
    );
  };
  const childOf = (node: unknown, segment: Segment): { pair: Pair | undefined; child: unknown } => {
    const here = resolve(node);
    const pair = isMap(here) ? findPair(here, String(segment)) : undefined;
    return { pair, child: isSeq(here) ? here.items[Number(segment)] : pair?.value };
  };
  return {
    textOf(path) {
      const node = resolve(path.reduce((parent: unknown, segment) => childOf(parent, segment).child, contents));
      return isScalar(node) ? node.source : undefined;
    },
    find(path, at) {
      let node: unknown = contents;
      let offset = isNode(node) ? startOf(node) : 0;
      for (const [depth, segment] of path.entries()) {
        const { pair, child } = childOf(node, segment);
        if (child === undefined && pair === undefined) break;
        const showKey = pair !== undefined && (!isNode(child) || (at === 'key' && depth === path.length - 1));
        offset = showKey ? startOf(pair.key as Node) : isNode(child) ? startOf(child) : offset;
        node = child;
      }
      return offset;
    },
  };
}

function firstOf<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
