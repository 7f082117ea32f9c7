/** The JSON Schemas that come with orch, by the names of their files. */
export const SCHEMAS = [
  'plan',
  'diagnostics',
  'events',
  'exec-manifest',
  'manifest',
  'orchestration',
  'pipelines',
  'run',
] as const;

export type SchemaName = (typeof SCHEMAS)[number];

/** The plans that `orch init` begins with. */
export const TEMPLATES = ['gate', 'nightly', 'agents', 'loop'] as const;

export type TemplateName = (typeof TEMPLATES)[number];
