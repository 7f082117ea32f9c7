import { z } from 'zod';
import type { Diagnostic, Result } from '../model/diagnostic.js';
import type { NotifySettings } from '../model/notify.js';
import { isMap } from '../problems/paths.js';
import { collectProblems, toDiagnostic, type Problems } from '../problems/problems.js';
import { checkNotify } from '../check/notify-rules.js';
import { checkSecretSources, checkSecretUses } from '../check/secret-rules.js';
import { byPlace, cut, openText } from '../document/open-text.js';
import { notifyOf } from '../normalise/notify.js';
import { addSchemaIssues } from '../schema/issues.js';
import { notify } from '../schema/notify.js';
import { secrets } from '../schema/parts.js';
import { fromWrittenForms } from '../schema/written-forms.js';
import { sourceTemplateSites } from '../templates/template-sites.js';
import { firstTemplate } from '../templates/template-text.js';

const userSchema = z.strictObject({ notify: notify.nullish(), secrets: secrets.nullish() });

/**
 * Reads the configuration file of a person: whom to tell of the runs that they start. Its keys are those of `globals` in a
 * plan, but the URL and the key of a webhook may stand in it as they are: nobody else reads the file.
 *
 * @returns undefined where it names nobody; or everything that is wrong with it, each with file, line and column
 */
export function readUserConfig(
  text: string | Uint8Array,
  file: string,
): Result<NotifySettings | undefined, Diagnostic[]> {
  const read = openText(text, file);
  if ('faults' in read) return { ok: false, error: read.faults };
  const { opened } = read;
  const value = fromWrittenForms(opened.value ?? {}, userSchema, opened.textAt);
  if (!isMap(value)) {
    const message = 'a configuration file is a map of settings';
    return { ok: false, error: [opened.place(toDiagnostic({ code: 'not_a_plan', path: [], message }))] };
  }
  const parsed = userSchema.safeParse(value);
  const problems = collectProblems();
  const issues = parsed.error?.issues.map((issue) => ({ ...issue, path: ['globals', ...issue.path] })) ?? [];
  addSchemaIssues(issues, { globals: value }, problems);
  checkRules(value, problems);
  if (parsed.success && problems.found.length === 0) return { ok: true, value: notifyOf(parsed.data) };
  const found = problems.found.map(({ path = '', ...each }) =>
    opened.place({ ...each, path: path.replace(/^globals\.?/, '') }),
  );
  return { ok: false, error: cut(found.sort(byPlace)) };
}

function checkRules(value: Record<string, unknown>, problems: Problems): void {
  const source = { globals: value };
  checkNotify(value, problems, { inPlan: false });
  checkSecretSources(value['secrets'], ['globals', 'secrets'], problems);
  const sites = [...sourceTemplateSites(source)];
  checkSecretUses(source, sites, problems);
  for (const { text, path } of sites) {
    const template = firstTemplate(text);
    if (template === undefined) continue;
    problems.add({
      code: 'invalid_value',
      path,
      message: `'${template}' has no meaning here: this file belongs to no plan, so there are only \${{ secrets.NAME }}`,
      hint: 'commands receive the facts in variables such as ORCH_RUN_ID',
    });
  }
}
