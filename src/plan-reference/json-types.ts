import { isMap } from '../plan/problems/paths.js';

/** A JSON Schema, or a part of one. */
export type JsonSchema = Record<string, unknown>;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: 'true or false',
};
const PLURALS: Readonly<Record<string, string>> = {
  text: 'texts',
  number: 'numbers',
  'whole number': 'whole numbers',
  anything: 'anything',
  step: 'steps',
};

/** What may stand at a key, `null` left out: it says the same as leaving the key out. */
export function withoutNull(schema: JsonSchema): JsonSchema {
  const { anyOf, type } = schema;
  if (Array.isArray(type)) return { ...schema, type: type.find((each) => each !== 'null') as unknown };
  if (!Array.isArray(anyOf)) return schema;
  const others = (anyOf as JsonSchema[]).filter((each) => each['type'] !== 'null');
  return others.length === 1 ? withoutNull(others[0]!) : { anyOf: others };
}

/** The type of a value, in words. */
export function describeType(schema: JsonSchema): string {
  const plain = withoutNull(schema);
  const { type, anyOf, oneOf, additionalProperties } = plain;
  if ('const' in plain) return code(plain['const']);
  if (Array.isArray(plain['enum'])) return listed(plain['enum'].map(code));
  if (Array.isArray(anyOf)) return listed([...new Set((anyOf as JsonSchema[]).map(describeType))]);
  if (typeof plain['$ref'] === 'string') return 'step';
  if (Array.isArray(oneOf)) return 'map with a `type`';
  if (type === 'array') return `list of ${describeItems((plain['items'] ?? {}) as JsonSchema)}`;
  if (type !== 'object') return TYPES[String(type)] ?? 'anything';
  if (!isMap(additionalProperties)) return 'map';
  return `map of names to ${'properties' in additionalProperties ? 'maps' : plural(describeType(additionalProperties))}`;
}

function describeItems(items: JsonSchema): string {
  const type = describeType(items);
  if (Array.isArray(withoutNull(items)['enum'])) return `any of ${type.replace(/ or (?=[^ ]+$)/, ', ')}`;
  return plural(type);
}

/** Texts that must have some form are still texts. */
function plural(type: string): string {
  return PLURALS[type] ?? type;
}

/** What a schema says of a value besides its type, in words. */
export function describeLimits(schema: JsonSchema): string | undefined {
  const said = limitsOf(withoutNull(schema));
  return said.length === 0 ? undefined : [...new Set(said)].join('; ');
}

function limitsOf(schema: JsonSchema): string[] {
  const { anyOf, type, items, minItems, pattern, maxLength, minLength } = schema;
  if (Array.isArray(anyOf)) return (anyOf as JsonSchema[]).flatMap(limitsOf);
  if (type === 'array') {
    const each = isMap(items) ? limitsOf(withoutNull(items)).map((limit) => `each ${limit}`) : [];
    return minItems === undefined ? each : [`at least ${JSON.stringify(minItems)}`, ...each];
  }
  if (type === 'string') {
    if (typeof maxLength === 'number') return [`at most ${maxLength} characters`, `\`${String(pattern)}\``];
    return minLength === 1 ? ['not empty'] : [];
  }
  const range = rangeOf(schema);
  return range === undefined ? [] : [range];
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: JsonSchema): string | undefined {
  const least = minimum === undefined ? undefined : group(minimum as number);
  // The largest whole number that JSON carries is the schema's way to say that there is no limit.
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : group(maximum as number);
  if (exclusiveMinimum !== undefined)
    return `above ${JSON.stringify(exclusiveMinimum)}${most === undefined ? '' : `, at most ${most}`}`;
  if (least !== undefined && minimum !== Number.MIN_SAFE_INTEGER) {
    return most === undefined ? `at least ${least}` : `${least} to ${most}`;
  }
  return most === undefined ? undefined : `at most ${most}`;
}

/** 315360000 is hard to read. Not `toLocaleString`: its result is the machine's. */
function group(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
