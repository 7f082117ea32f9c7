import type { Result } from '../../plan/model/diagnostic.js';
import { quote, type Problem } from '../../plan/problems/problems.js';
import { listed, missingPipelineHint } from './check.js';
import type { PipelinesOptions } from './options.js';
import type { Pipeline, PipelinesFile } from './schema.js';
import { plainId } from './step-ids.js';

/** The pipeline that runs where the file names none. */
const USUAL = 'diagnostics';

/** The pipeline that is to run: the one that is asked for, else the file's default, `diagnostics`, or the only one. */
export function choosePipeline(
  { pipelines, defaultPipeline }: PipelinesFile,
  { pipeline: wanted, checkOnly = false }: Pick<PipelinesOptions, 'pipeline' | 'checkOnly'>,
): Result<Pipeline, Problem> {
  const ids = pipelines.map(({ id }) => id);
  const id = wanted ?? defaultPipeline ?? (pipelines.length === 1 ? ids[0] : USUAL);
  // A rerun knows it by the name of its plan.
  const found = pipelines.find((each) => each.id === id) ?? pipelines.find((each) => plainId(each.id) === id);
  if (found !== undefined) return { ok: true, value: found };
  if (checkOnly && wanted === undefined) return { ok: true, value: pipelines[0]! };
  return {
    ok: false,
    error: {
      code: 'unknown_pipeline',
      path: ['pipelines'],
      message: wanted === undefined ? 'the file names no defaultPipeline' : `there is no pipeline ${quote(wanted)}`,
      hint: hintFor(wanted, ids),
    },
  };
}

function hintFor(wanted: string | undefined, ids: readonly string[]): string {
  const choose = `choose one with --pipeline: ${listed(ids)}`;
  if (wanted !== undefined) return missingPipelineHint(wanted, ids) ?? choose;
  return `${choose}. The '${USUAL}' that codex-orchestrator brings along is not part of orch`;
}
