import { isMap } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';
import { firstTemplate } from '../templates/template-text.js';

type Path = readonly PropertyKey[];

/** Warns of templates in what people read: it is shown as it is written, before and while the run is there. */
export function checkPeopleTexts(source: Record<string, unknown>, problems: Problems): void {
  checkKeys(source, ['description'], [], problems);
  for (const { step, path } of sourceSteps(source)) {
    if (step === undefined) continue;
    checkKeys(step, ['name', 'description', 'summary'], path, problems);
    const def = step['step_def'];
    if (isMap(def)) checkKeys(def, ['message', 'title'], [...path, 'step_def'], problems);
  }
}

function checkKeys(map: Record<string, unknown>, keys: readonly string[], path: Path, problems: Problems): void {
  for (const key of keys) {
    const text = map[key];
    const template = typeof text === 'string' ? firstTemplate(text) : undefined;
    if (template === undefined) continue;
    problems.add({
      severity: 'warning',
      code: 'template_in_text',
      path: [...path, key],
      message: `${quote(template)} is shown as it is written: '${key}' is not templated`,
      hint: 'write the text without it; a step before this one may print the value, which `orch logs` shows',
    });
  }
}
