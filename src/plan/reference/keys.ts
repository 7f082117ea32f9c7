import { planJsonSchema } from '../json-schema.js';
import { isMap } from '../paths.js';
import { collectProblems } from '../problems.js';
import { refuseUnsupported } from '../supported.js';
import { describeLimits, describeType, withoutNull, type JsonSchema } from './json-types.js';

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
  /** False for what the language has and this version refuses. */
  supported: boolean;
}

/** A value that is no default of any key: what is refused at all is refused with it. */
const PROBE = 'probe';

/** Every key of the plan language, in the order of the schema; what is refused as a whole is listed without its parts. */
export function referenceKeys(): ReferenceKey[] {
  const plan = planJsonSchema();
  const step = (plan['$defs'] as Record<string, JsonSchema>)['step']!;
  return [...keysOf(plan, ''), ...keysOf(step, 'step'), ...kindsOf(propertiesOf(step)['step_def']!)];
}

function keysOf(map: JsonSchema, parent: string): ReferenceKey[] {
  const required = (map['required'] ?? []) as string[];
  return Object.entries(propertiesOf(map)).flatMap(([key, schema]) => {
    const name = parent === '' ? key : `${parent}.${key}`;
    const described = describeKey(name, schema, required.includes(key));
    return described.supported ? [described, ...partsOf(schema, name)] : [described];
  });
}

/** The keys of a map that stands at a key, be it one map or one under each name. */
function partsOf(schema: JsonSchema, name: string): ReferenceKey[] {
  // What an approval asks for is declared as the inputs of a plan are.
  if (name === 'step_def.approval.inputs') return [];
  const value = withoutNull(schema);
  const entry = value['additionalProperties'];
  return keysOf(isMap(entry) && 'properties' in entry ? entry : value, name);
}

function kindsOf(schema: JsonSchema): ReferenceKey[] {
  return (withoutNull(schema)['oneOf'] as JsonSchema[]).flatMap((kind) => {
    const { type: typeKey, ...fields } = propertiesOf(kind);
    const type = String(typeKey!['const']);
    const name = `step_def.${type}`;
    const supported = !refuses({ steps: [{ step_def: { type } }] });
    const described: ReferenceKey = { name, description: '', required: false, supported };
    return supported ? [described, ...keysOf({ ...kind, properties: fields }, name)] : [described];
  });
}

function describeKey(name: string, schema: JsonSchema, required: boolean): ReferenceKey {
  const [description, fallback] = splitDefault(typeof schema['description'] === 'string' ? schema['description'] : '');
  const limits = describeLimits(schema);
  return {
    name,
    description,
    type: describeType(schema),
    ...(limits === undefined ? {} : { limits }),
    ...(fallback === undefined ? {} : { default: fallback }),
    required,
    supported: !isRefused(name),
  };
}

/** The schema's descriptions say defaults in brackets, for editors, which show nothing else. */
function splitDefault(description: string): [description: string, fallback: string | undefined] {
  const match = / ?\(default:? ([^()]+)\)/.exec(description);
  if (match === null) return [description, undefined];
  return [description.replace(match[0], ''), match[1]];
}

function isRefused(name: string): boolean {
  const [parent, key, ...rest] = name.split('.');
  if (key === undefined || rest.length > 0) return false;
  if (parent === 'globals') return refuses({ globals: { [key]: PROBE } });
  return parent === 'step' && refuses({ steps: [{ [key]: PROBE }] });
}

function refuses(document: Record<string, unknown>): boolean {
  const problems = collectProblems();
  refuseUnsupported(document, problems);
  return problems.found.length > 0;
}

function propertiesOf(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema['properties'] ?? {}) as Record<string, JsonSchema>;
}
