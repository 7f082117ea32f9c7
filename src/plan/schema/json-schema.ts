import { z } from 'zod';
import { planSchema } from './plan.js';

type JsonSchema = Record<string, unknown>;

/** The plan language as a JSON Schema, for editors. What depends on several steps (unknown ids, cycles) no schema can say. */
export function planJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(planSchema, { io: 'input', override: allowFreeKeys });
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

/** Keys that start with `x-` are free in every map of fixed keys, and `$schema` is the editor's. */
export function allowFreeKeys({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  if (jsonSchema['additionalProperties'] !== false) return;
  jsonSchema['patternProperties'] = { '^(x-|\\$schema$)': {} };
}
