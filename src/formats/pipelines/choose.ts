import type { Result } from '../../plan/model/diagnostic.js';
import { quote, type Problem } from '../../plan/problems/problems.js';
import { didYouMean } from '../../plan/problems/suggest.js';
import { listed } from './check.js';
import type { PipelinesOptions } from './options.js';
import type { Pipeline, PipelinesFile } from './schema.js';

/** The pipeline that runs where the file names none. */
const USUAL = 'diagnostics';

/** The pipeline that is to run: the one that is asked for, else the file's default, `diagnostics`, or the only one. */
export function choosePipeline(
  { pipelines, defaultPipeline }: PipelinesFile,
  { pipeline: wanted, checkOnly = false }: Pick<PipelinesOptions, 'pipeline' | 'checkOnly'>,
): Result<Pipeline, Problem> {
  const ids = pipelines.map(({ id }) => id);
  const id = wanted ?? defaultPipeline ?? (pipelines.length === 1 ? ids[0] : USUAL);
  const found = pipelines.find((pipeline) => pipeline.id === id);
  if (found !== undefined) return { ok: true, value: found };
  if (checkOnly && wanted === undefined) return { ok: true, value: pipelines[0]! };
  return {
    ok: false,
    error: {
      code: 'unknown_pipeline',
      path: ['pipelines'],
      message: wanted === undefined ? 'the file names no defaultPipeline' : `there is no pipeline ${quote(wanted)}`,
      hint: (wanted && didYouMean(wanted, ids)) || `choose one with --pipeline: ${listed(ids)}`,
    },
  };
}
