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
import { MAX_DEPTH, MAX_VALUES, type Fault } from './faults.js';
import { duplicateKey } from './json.js';

/** What each alias stands for. */
export type Targets = ReadonlyMap<Alias, Node>;

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
export function yamlValue(contents: unknown): YamlValue {
  return new Converter().convertAll(contents);
}

type YamlValue = { value: unknown; targets: Targets } | { faults: Fault[] };

/** What an anchor names; without `converted` while that is under way. */
interface Anchor {
  node: Node;
  converted?: Converted;
}

/** Converts one document, once. The depth limit bounds the recursion. */
class Converter {
  private readonly faults: Fault[] = [];
  private readonly anchors = new Map<string, Anchor>();
  private readonly targets = new Map<Alias, Node>();
  private total = 0;

  convertAll(contents: unknown): YamlValue {
    const { faults, targets } = this;
    try {
      const { value } = this.convert(contents, 1);
      return faults.length > 0 ? { faults } : { value, targets };
    } catch (error) {
      if (!(error instanceof ConversionError)) throw error;
      return { faults: [...faults, error.fault] };
    }
  }

  private convert(node: unknown, level: number): Converted {
    if (!isNode(node)) return { value: null, size: 1, depth: 0 };
    if (isAlias(node)) return this.convertAlias(node, level);
    if (level > MAX_DEPTH) throw tooDeep(node);
    if (node.tag !== undefined && !KNOWN_TAG.test(node.tag))
      throw unsupported(node, `the tag ${node.tag} is not supported`);
    const anchor: Anchor = { node };
    if (node.anchor !== undefined) this.anchors.set(node.anchor, anchor);
    this.count(1, node);
    anchor.converted = isMap(node)
      ? this.convertMap(node, level)
      : isSeq(node)
        ? this.convertSeq(node, level)
        : convertScalar(node);
    this.noteInexact(node);
    return anchor.converted;
  }

  private convertAlias(alias: Alias, level: number): Converted {
    const anchor = this.anchors.get(alias.source);
    if (anchor === undefined) throw unsupported(alias, `the alias *${alias.source} has no anchor before it`);
    if (anchor.converted === undefined) throw unsupported(alias, `the alias *${alias.source} is inside its own anchor`);
    if (level + anchor.converted.depth > MAX_DEPTH) throw tooDeep(alias);
    this.targets.set(alias, anchor.node);
    this.count(anchor.converted.size, alias);
    return anchor.converted;
  }

  private convertSeq(seq: YAMLSeq, level: number): Converted {
    const items = seq.items.map((item) => this.convert(item, level + 1));
    return sumOf(
      items.map((item) => item.value),
      items,
    );
  }

  private convertMap(map: YAMLMap, level: number): Converted {
    const parts: Converted[] = [];
    const entries = new Map<string, unknown>();
    const merged: unknown[] = [];
    const seen = new Map<string, number>();
    for (const pair of map.items) {
      const key = keyOf(pair, map);
      if (this.isRepeated(key, startOf(pair.key as Node), seen)) continue;
      const part = this.convert(pair.value, level + 1);
      parts.push(part);
      if (isMergeKey(pair)) merged.push(...mergeSources(part.value, pair));
      else entries.set(key, part.value);
    }
    for (const source of merged) {
      for (const [key, value] of Object.entries(source as object)) if (!entries.has(key)) entries.set(key, value);
    }
    // A merge copies entries by reference, but each stands for all that it holds.
    return sumOf(Object.fromEntries(entries), parts);
  }

  private isRepeated(key: string, offset: number, seen: Map<string, number>): boolean {
    const first = seen.get(key);
    if (first === undefined) seen.set(key, offset);
    else if (this.faults.length < MAX_FAULTS) this.faults.push(duplicateKey(key, offset, first));
    return first !== undefined;
  }

  private noteInexact(node: Node): void {
    if (!isScalar(node) || typeof node.value !== 'number' || node.source === undefined) return;
    if (this.faults.length < MAX_FAULTS && !isExact(node.source)) {
      this.faults.push(inexactNumber(node.source, startOf(node)));
    }
  }

  private count(size: number, node: Node): void {
    this.total += size;
    if (this.total <= MAX_VALUES) return;
    const message = `expanded, the document's aliases contain more than ${MAX_VALUES} values`;
    throw new ConversionError({ code: 'too_many_aliases', message, offset: startOf(node) });
  }
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
export function keyText(key: Scalar): string {
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value));
}

/** `<<`, by which a map takes in the entries of others. */
export function isMergeKey(pair: Pair): boolean {
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

/** Offset of a node in the text. */
export function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
