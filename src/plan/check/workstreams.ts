import type { Diagnostic } from '../model/diagnostic.js';
import { isMap } from '../problems/paths.js';
import { toDiagnostic } from '../problems/problems.js';

/** Keys of a workstream, of which a plan has none. */
const OWN_KEYS = ['openspec_change', 'ccpm_issue', 'files_scope', 'files_create'];

/** Recognises bundles of workstreams, one or a list, which an older engine read beside its plans. */
export function workstreamBundle(document: unknown): Diagnostic | undefined {
  const streams: unknown[] = Array.isArray(document) ? document : [document];
  if (streams.length === 0 || !streams.every(isWorkstream)) return undefined;
  return toDiagnostic({
    code: 'workstream_bundle',
    path: [],
    message:
      'this is a bundle of workstreams, and not a plan: it says which files a tool may change, but not what to run',
    hint: 'write a plan: a step for each workstream, `dependencies` as depends_on, `tool` and `tasks` as an agent step or a command',
  });
}

function isWorkstream(value: unknown): boolean {
  if (!isMap(value) || Object.hasOwn(value, 'plan_id') || Object.hasOwn(value, 'steps')) return false;
  const named = [value['id'], value['workstream_id']].some((id) => typeof id === 'string' && id.startsWith('ws-'));
  return named || OWN_KEYS.filter((key) => Object.hasOwn(value, key)).length > 1;
}
