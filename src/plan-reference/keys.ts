import { planJsonSchema } from '../plan/schema/json-schema.js';
import { isMap } from '../plan/problems/paths.js';
import { describeLimits, describeType, withoutNull, type JsonSchema } from './json-types.js';
import { defined } from '../basics/defined.js';

/** One key of the plan language, as the schema has it. */
export interface ReferenceKey {
  /** `globals.env`, `inputs.type`, `step.retry.on`, `step_def.http.url`; a kind of step is `step_def.http`. */
  name: string;
  description: string;
  /** In words; a kind of step has none. */
  type?: string;
  limits?: string;
  default?: string;
  required: boolean;
}

/** Every key of the plan language, in the order of the schema. */
export function referenceKeys(): ReferenceKey[] {
  const plan = planJsonSchema('strict');
  const step = (plan['$defs'] as Record<string, JsonSchema>)['step']!;
  return [...keysOf(plan, ''), ...keysOf(step, 'step'), ...kindsOf(propertiesOf(step)['step_def']!)];
}

function keysOf(map: JsonSchema, parent: string): ReferenceKey[] {
  const required = (map['required'] ?? []) as string[];
  return Object.entries(propertiesOf(map)).flatMap(([key, schema]) => {
    const name = parent === '' ? key : `${parent}.${key}`;
    const described = describeKey(name, schema, required.includes(key));
    return [described, ...partsOf(schema, name)];
  });
}

/** The keys of a map that stands at a key: one map, one under each name, one of a list, or one choice among others. */
function partsOf(schema: JsonSchema, name: string): ReferenceKey[] {
  // What an approval asks for is declared as the inputs of a plan are.
  if (name === 'step_def.approval.inputs') return [];
  const value = withoutNull(schema);
  const choices = Array.isArray(value['anyOf']) ? (value['anyOf'] as unknown[]) : [];
  const map = [value['additionalProperties'], value['items'], ...choices].find(
    (each) => isMap(each) && 'properties' in each,
  );
  return keysOf(isMap(map) ? map : value, name);
}

function kindsOf(schema: JsonSchema): ReferenceKey[] {
  return (withoutNull(schema)['oneOf'] as JsonSchema[]).flatMap((kind) => {
    const { type: typeKey, ...fields } = propertiesOf(kind);
    const type = String(typeKey!['const']);
    const name = `step_def.${type}`;
    const described: ReferenceKey = { name, description: '', required: false };
    return [described, ...keysOf({ ...kind, properties: fields }, name)];
  });
}

function describeKey(name: string, schema: JsonSchema, required: boolean): ReferenceKey {
  const [description, fallback] = splitDefault(typeof schema['description'] === 'string' ? schema['description'] : '');
  const limits = describeLimits(schema);
  return {
    name,
    description,
    type: describeType(schema),
    ...defined({ limits, default: fallback }),
    required,
  };
}

/** The schema's descriptions say defaults in brackets, for editors, which show nothing else. */
function splitDefault(description: string): [description: string, fallback: string | undefined] {
  const match = / ?\(default:? ([^()]+)\)/.exec(description);
  if (match === null) return [description, undefined];
  return [description.replace(match[0], ''), match[1]];
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema['properties'] ?? {}) as Record<string, JsonSchema>;
}
