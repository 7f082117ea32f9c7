import { z } from 'zod';
import { allowFreeKeys } from '../../plan/schema/json-schema.js';
import { environment, free, optional, text, texts } from '../../plan/schema/parts.js';

/** Any text: one with signs that folders cannot have is a step by another name. */
const id = text.max(128).regex(/^(?!__proto__$)(?!\.{1,2}$)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}]+$/u, {
  error: 'has no control characters, and leads to no folder above',
});

const mode = z.union([z.string(), z.boolean()], { error: 'mcp, cloud, true or false' });

const session = z.strictObject({
  id: optional(text, 'Name of the session'),
  reuse: optional(z.boolean(), 'Kept as it is: each stage has a shell of its own'),
  persist: optional(z.boolean(), 'Kept as it is: each stage has a shell of its own'),
});

const hints = z.strictObject({
  runnable: optional(z.boolean(), 'Kept as it is: the stage runs all the same'),
  defaultTarget: optional(z.boolean(), 'Kept as it is'),
  aliases: optional(texts, 'Kept as they are'),
  requiresCloud: optional(z.boolean(), 'true: execution mode cloud; false: mcp'),
  executionMode: optional(mode, 'mcp or cloud'),
});

const commandStage = z.strictObject({
  kind: z.literal('command').describe('A line for the shell'),
  id: id.describe('Unique in its pipeline, also when case is ignored'),
  title: optional(z.string(), 'Shown with the id'),
  command: text.describe('A line for the shell'),
  cwd: optional(text, 'Folder to run in, relative to the folder of the file (default: that folder)'),
  env: optional(environment, 'Environment of the command; an empty string makes a variable empty'),
  allowFailure: optional(z.boolean(), 'true: a failure counts as skipped, and the pipeline continues (default false)'),
  summaryHint: optional(text, 'Reported for the stage, however it ends'),
  session: optional(session, 'Kept in the metadata'),
  plan: optional(hints, 'Hints of a planner, kept in the metadata'),
  executionMode: optional(mode, 'mcp or cloud'),
  mode: optional(mode, 'The same as executionMode, which takes precedence'),
});

const subpipelineStage = z.strictObject({
  kind: z.literal('subpipeline').describe('Another pipeline, as a run of its own'),
  id: id.describe('Unique in its pipeline, also when case is ignored'),
  title: optional(z.string(), 'Shown with the id'),
  pipeline: text.describe('Id of the pipeline'),
  optional: optional(z.boolean(), 'true: a failure counts as skipped, and the pipeline continues (default false)'),
});

const stageSet = z.strictObject({
  kind: z.literal('stage-set').describe('The stages of a set, inserted here'),
  ref: text.describe('Name of the set'),
});

const stage = z.discriminatedUnion('kind', [commandStage, subpipelineStage, stageSet]);

const pipeline = z.strictObject({
  id: id.describe('Unique in the file, also when case is ignored'),
  title: optional(z.string(), 'Shown where runs are listed'),
  description: optional(z.string(), 'What the pipeline is for'),
  tags: optional(texts, 'Labels for display'),
  guardrailsRequired: optional(z.boolean(), 'false: do not report a missing spec-guard (default true)'),
  metadata: optional(free, 'Free-form; kept'),
  stages: z.array(stage).min(1).describe('Run one after the other; the first failure ends the pipeline'),
});

/** A file of pipelines as it is written. */
export const pipelinesSchema = z.strictObject({
  pipelines: z.array(pipeline).min(1).describe('The pipelines'),
  defaultPipeline: optional(text, 'The pipeline that runs when none is named (default diagnostics)'),
  stageSets: optional(z.record(z.string(), z.array(stage)), 'Lists of stages that pipelines share, by name'),
  executionMode: optional(mode, 'mcp or cloud, for stages that do not specify it'),
  runtimeMode: optional(z.enum(['cli', 'appserver']), 'Kept in the metadata'),
});

/** A file of pipelines, once the schema has passed. */
export type PipelinesFile = z.infer<typeof pipelinesSchema>;
export type Pipeline = PipelinesFile['pipelines'][number];
type Stage = Pipeline['stages'][number];
export type CommandStage = Extract<Stage, { kind: 'command' }>;
export type SubpipelineStage = Extract<Stage, { kind: 'subpipeline' }>;

/** The published JSON Schema of {@link pipelinesSchema}. */
export function pipelinesJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(pipelinesSchema, { io: 'input', override: allowFreeKeys });
  return { ...schema, title: 'Pipelines', description: 'A codex.orchestrator.json that orch runs' };
}
