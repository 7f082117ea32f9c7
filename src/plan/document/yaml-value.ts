import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Alias,
  type Node,
  type Pair,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { inexactNumber, isExact } from './exact-numbers.js';
import { MAX_DEPTH, MAX_VALUES, type Fault, type Locator } from './faults.js';
import { duplicateKey } from './json.js';
import type { Segment } from '../problems/paths.js';

/** What each alias stands for. */
type Targets = ReadonlyMap<Alias, Node>;

/** A converted node. Aliases share it; what it would hold if they were written out is counted all the same. */
interface Converted {
  value: unknown;
  size: number;
  depth: number;
}

const KNOWN_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;
const MAX_FAULTS = 100;

class ConversionError extends Error {
  constructor(readonly fault: Fault) {
    super(fault.message);
  }
}

/**
 * Turns YAML nodes into plain JSON data. The library's own way takes a hundred uses of one anchor for an attack, and
 * lets pass what JSON cannot say; here aliases cost nothing, and their sum is bounded.
 */
export function yamlValue(contents: unknown): { value: unknown; targets: Targets } | { faults: Fault[] } {
  const faults: Fault[] = [];
  const anchors = new Map<string, { node: Node; converted?: Converted }>();
  const targets = new Map<Alias, Node>();
  let total = 0;

  const convert = (node: unknown, level: number): Converted => {
    if (!isNode(node)) return { value: null, size: 1, depth: 0 };
    if (isAlias(node)) return convertAlias(node, level);
    if (level > MAX_DEPTH) throw tooDeep(node);
    if (node.tag !== undefined && !KNOWN_TAG.test(node.tag))
      throw unsupported(node, `the tag ${node.tag} is not supported`);
    const anchor: { node: Node; converted?: Converted } = { node };
    if (node.anchor !== undefined) anchors.set(node.anchor, anchor);
    count(1, node);
    anchor.converted = isMap(node)
      ? convertMap(node, level)
      : isSeq(node)
        ? convertSeq(node, level)
        : convertScalar(node);
    noteInexact(node);
    return anchor.converted;
  };

  const noteInexact = (node: Node): void => {
    if (!isScalar(node) || typeof node.value !== 'number' || node.source === undefined || faults.length >= MAX_FAULTS)
      return;
    if (!isExact(node.source)) faults.push(inexactNumber(node.source, startOf(node)));
  };

  const count = (size: number, node: Node): void => {
    total += size;
    if (total <= MAX_VALUES) return;
    const message = `expanded, the document's aliases contain more than ${MAX_VALUES} values`;
    throw new ConversionError({ code: 'too_many_aliases', message, offset: startOf(node) });
  };

  const convertAlias = (alias: Alias, level: number): Converted => {
    const anchor = anchors.get(alias.source);
    if (anchor === undefined) throw unsupported(alias, `the alias *${alias.source} has no anchor before it`);
    if (anchor.converted === undefined) throw unsupported(alias, `the alias *${alias.source} is inside its own anchor`);
    if (level + anchor.converted.depth > MAX_DEPTH) throw tooDeep(alias);
    targets.set(alias, anchor.node);
    count(anchor.converted.size, alias);
    return anchor.converted;
  };

  const convertSeq = (seq: YAMLSeq, level: number): Converted => {
    const items = seq.items.map((item) => convert(item, level + 1));
    return sumOf(
      items.map((item) => item.value),
      items,
    );
  };

  const convertMap = (map: YAMLMap, level: number): Converted => {
    const parts: Converted[] = [];
    const entries = new Map<string, unknown>();
    const merged: unknown[] = [];
    const seen = new Map<string, number>();
    for (const pair of map.items) {
      const key = keyOf(pair, map);
      const offset = startOf(pair.key as Node);
      const first = seen.get(key);
      if (first !== undefined) {
        if (faults.length < MAX_FAULTS) faults.push(duplicateKey(key, offset, first));
        continue;
      }
      seen.set(key, offset);
      const part = convert(pair.value, level + 1);
      parts.push(part);
      if (isMergeKey(pair)) merged.push(...mergeSources(part.value, pair));
      else entries.set(key, part.value);
    }
    for (const source of merged) {
      for (const [key, value] of Object.entries(source as object)) if (!entries.has(key)) entries.set(key, value);
    }
    // A merge copies entries by reference, but each stands for all that it holds.
    return sumOf(Object.fromEntries(entries), parts);
  };

  try {
    const { value } = convert(contents, 1);
    return faults.length > 0 ? { faults } : { value, targets };
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return { faults: [...faults, error.fault] };
  }
}

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

function convertScalar(node: Node): Converted {
  const value: unknown = isScalar(node) ? node.value : undefined;
  if (typeof value === 'number' && !Number.isFinite(value)) throw unsupported(node, `JSON has no ${value}`);
  if (value !== null && !['string', 'number', 'boolean'].includes(typeof value)) {
    throw unsupported(node, 'JSON has no such value');
  }
  return { value, size: 1, depth: 0 };
}

function sumOf(value: unknown, parts: readonly Converted[]): Converted {
  let size = 1;
  let depth = 0;
  for (const part of parts) {
    size += part.size;
    if (part.depth > depth) depth = part.depth;
  }
  return { value, size, depth: depth + 1 };
}

function keyOf(pair: Pair, map: YAMLMap): string {
  if (isScalar(pair.key) && pair.key.value !== null) return keyText(pair.key);
  throw unsupported(isNode(pair.key) ? pair.key : map, 'a key must be plain text');
}

/** `1: x` and `true: x` have keys that are texts, as in JSON. */
function keyText(key: Scalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

function isMergeKey(pair: Pair): boolean {
  return isScalar(pair.key) && pair.key.type === 'PLAIN' && keyText(pair.key) === '<<';
}

function mergeSources(value: unknown, pair: Pair): unknown[] {
  const sources: unknown[] = Array.isArray(value) ? value : [value];
  if (sources.every((source) => typeof source === 'object' && source !== null && !Array.isArray(source)))
    return sources;
  throw unsupported(pair.key as Node, '<< merges maps only');
}

function unsupported(node: Node, message: string): ConversionError {
  return new ConversionError({
    code: 'unsupported_yaml',
    message,
    offset: startOf(node),
    hint: 'use a value that JSON can express',
  });
}

function tooDeep(node: Node): ConversionError {
  return new ConversionError({
    code: 'too_deep',
    message: `nested more than ${MAX_DEPTH} levels deep`,
    offset: startOf(node),
  });
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
