import { z } from 'zod';
import { allowFreeKeys } from '../../plan/schema/json-schema.js';
import { optional, text, texts } from '../../plan/schema/parts.js';

const tier = z.enum(['fast', 'deep']);
const mode = z.enum(['all-parallel', 'all-sequential', 'dependency-driven', 'manual-batching']);

const task = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, {
      error: 'has at most 128 letters, digits, . _ - and starts with a letter or digit',
    })
    .describe('Unique in the manifest, also when case is ignored; the task’s step and folder are named after it'),
  title: text.describe('What is to be done, in short; a heading in the prompt'),
  files: optional(z.array(text), 'Files that the task reads or changes; named in its prompt (default none)'),
  depends: optional(texts, 'Ids of tasks that it depends on, besides all tasks of earlier stages (default none)'),
  tier: optional(tier, 'How capable an agent it needs (default: the tier of the manifest)'),
  prompt_hint: optional(z.string(), 'Further text for its prompt, used as it is'),
});

const stage = z.strictObject({
  name: z.string().describe('Heading under which its tasks are shown'),
  tasks: z.array(task).min(1).describe('Its tasks; they start once all tasks of earlier stages have succeeded'),
});

/** A manifest as it is written. */
export const manifestSchema = z.strictObject({
  version: z.literal(1).describe('Version of the format'),
  mode: mode.describe('How tasks are ordered'),
  tier: optional(tier, 'How capable an agent tasks need that do not specify it (default deep)'),
  max_parallel: optional(z.int().min(1).max(10), 'Maximum number of tasks at a time (default 5)'),
  timeout_per_task: optional(z.int().min(30).max(1800), 'Limit of one attempt of a task, in seconds (default 300)'),
  stages: z.array(stage).min(1).describe('Stages, in order; each waits for all tasks of those before it'),
});

/** A manifest that has passed the schema. */
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestTask = z.infer<typeof task>;
export type Tier = z.infer<typeof tier>;
export type Mode = z.infer<typeof mode>;

/** The format as a JSON Schema, for editors. What depends on several tasks no schema can say. */
export function manifestJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(manifestSchema, { io: 'input', override: allowFreeKeys }),
    title: 'Execution manifest',
    description: 'Tasks for coding agents in stages; orch runs it as a plan',
  };
}
