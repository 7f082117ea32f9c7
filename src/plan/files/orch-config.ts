import { z } from 'zod';
import type { AgentSettings } from '../model/agent.js';
import type { Diagnostic, Result } from '../model/diagnostic.js';
import { isMap } from '../problems/paths.js';
import { byPlace, cut, openText } from '../document/open-text.js';
import { collectProblems, toDiagnostic } from '../problems/problems.js';
import { agentsOf } from '../normalise/agent.js';
import { addSchemaIssues } from '../schema/issues.js';
import { agents, type SourceAgentSettings } from '../schema/agent.js';

/** What a configuration file says to the runs that are started beside it. */
export interface Configuration {
  agents: Record<string, AgentSettings>;
}

const configSchema = z.strictObject({ agents: agents.nullish() });

/**
 * Reads a configuration file: YAML or JSON.
 *
 * @returns what it says, or everything that is wrong with it, each with file, line and column
 */
export function readConfiguration(text: string | Uint8Array, file: string): Result<Configuration, Diagnostic[]> {
  const read = openText(text, file);
  if ('faults' in read) return { ok: false, error: read.faults };
  const { opened } = read;
  const { value } = opened;
  if (!isMap(value)) {
    const problem = toDiagnostic({
      code: 'not_a_plan',
      path: [],
      message: 'a configuration file is a map of settings',
    });
    return { ok: false, error: [opened.place(problem)] };
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) {
    const known = (value['agents'] ?? {}) as Record<string, SourceAgentSettings>;
    return { ok: true, value: { agents: agentsOf(known) } };
  }
  // The same keys stand in a plan below `globals`: there they are known by.
  const problems = collectProblems();
  const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ['globals', ...issue.path] }));
  addSchemaIssues(issues, { globals: value }, problems);
  const found = problems.found.map(({ path = '', ...each }) =>
    opened.place({ ...each, path: path.replace(/^globals\.?/, '') }),
  );
  return { ok: false, error: cut(found.sort(byPlace)) };
}
