import type { Diagnostic, Result } from '../../plan/model/diagnostic.js';
import { isMap } from '../../plan/problems/paths.js';
import { collectProblems, tooMany, typeName } from '../../plan/problems/problems.js';
import { addSchemaIssues, type SchemaWords } from '../../plan/schema/issues.js';
import { checkDependencies } from './dependencies.js';
import { manifestSchema, type Manifest } from './manifest.js';

const WORDS: SchemaWords = {
  schema: manifestSchema,
  notADocument: (value) => ({
    code: 'not_a_plan',
    path: [],
    message: `an execution manifest is a map with version, mode and stages, not ${typeName(value)}`,
  }),
  wrongVersion: (value) => ({
    code: 'unsupported_version',
    path: ['version'],
    message: `version ${JSON.stringify(value)} of execution manifests is not supported; this orch reads version 1`,
    hint: value === '1' ? 'write 1, without quotes' : 'write 1',
  }),
  strangeKey: (_parent, _key, known) => ({
    hint: known.length === 0 ? 'remove it' : `remove it; known keys are ${known.join(', ')}`,
  }),
};

/** Checks a manifest, in every mode all of it: also what its mode does not look at. */
export function checkManifest(document: unknown): Result<Manifest, Diagnostic[]> {
  const problems = collectProblems();
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) addSchemaIssues(parsed.error.issues, document, problems, WORDS);
  if (isMap(document)) checkDependencies(document, problems);
  const { found, more } = problems;
  if (more > 0) found.push(tooMany(more));
  // Not zod's copy alone decides: keys that start with `x-` are free, and only the issues say so.
  return found.length > 0 ? { ok: false, error: found } : { ok: true, value: document as Manifest };
}
