import { z } from 'zod';
import { planSchema } from './plan.js';
import { writtenAs } from './written-forms.js';

type JsonSchema = Record<string, unknown>;

/**
 * The plan language as a JSON Schema, for editors. What depends on several steps (unknown ids, cycles) no schema can say.
 *
 * @param forms `written` takes all that a file may hold (`timeout_sec: 10m`), `strict` what it is read as
 */
export function planJsonSchema(forms: 'written' | 'strict' = 'written'): JsonSchema {
  const schema = z.toJSONSchema(planSchema, {
    io: 'input',
    override(part) {
      allowFreeKeys(part);
      if (forms === 'written') allowWrittenForms(part);
    },
  });
  return { ...schema, title: 'Plan', description: 'A plan for orch' };
}

/** What `orch validate --json` prints. */
export function diagnosticsJsonSchema(): JsonSchema {
  const place = {
    file: z.string().optional().describe('File, as named by the user'),
    line: z.int().min(1).optional().describe('1-based'),
    column: z.int().min(1).optional().describe('1-based, in UTF-16 code units'),
    path: z.string().optional().describe('Where in the document, e.g. steps[3].depends_on[0]'),
  };
  const diagnostic = z.object({
    code: z.string().describe('Stable code; docs/errors.md explains each'),
    severity: z.enum(['error', 'warning']),
    message: z.string(),
    ...place,
    hint: z.string().optional().describe('What to do'),
    related: z
      .array(z.object({ message: z.string(), ...place }))
      .optional()
      .describe('Related places'),
  });
  const output = z.object({ valid: z.boolean(), diagnostics: z.array(diagnostic) });
  // Output only grows: a reader must let keys pass that it does not know.
  return {
    ...z.toJSONSchema(output, { io: 'input' }),
    title: 'Diagnostics',
    description: 'What orch validate --json prints',
  };
}

const DURATION = { type: 'string', pattern: '^(\\d+(\\.\\d+)?\\s*(ms|s|m|h|d|w)\\s*)+$' };

/** What a file may hold where the language wants something stricter. */
function allowWrittenForms({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }): void {
  const form = writtenAs.get(zodSchema as z.ZodType)?.form;
  if (form === 'text') jsonSchema['type'] = ['string', 'number', 'boolean'];
  if (form === 'text' || form === undefined) return;
  const { description, ...strict } = jsonSchema;
  const also = { list: strict['items'] ?? {}, seconds: DURATION, count: { type: 'integer', minimum: 0 } }[form];
  for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
  Object.assign(jsonSchema, { anyOf: [strict, also] }, description === undefined ? {} : { description });
}

/** Keys that start with `x-` are free in every map of fixed keys, and `$schema` is the editor's. */
export function allowFreeKeys({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  if (jsonSchema['additionalProperties'] !== false) return;
  jsonSchema['patternProperties'] = { '^(x-|\\$schema$)': {} };
}
