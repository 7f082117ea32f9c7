import type { Diagnostic } from '../model/diagnostic.js';
import { isMap } from '../problems/paths.js';
import { collectProblems, type Problems } from '../problems/problems.js';
import { sourceSteps } from '../document/source-steps.js';

type Path = readonly PropertyKey[];
type TextAt = (path: Path) => string | undefined;

/** Values looked at; a list of a hundred thousand numbers is no list of versions. */
const MAX_VALUES = 10_000;

/**
 * Warns of numbers whose text is not how they print, where a program is given them as text: `foreach: [3.9, 3.10]` runs
 * 3.9 and 3.1.
 *
 * @param textAt finds how a value is written in the file
 */
export function numberTexts(source: unknown, textAt: TextAt): Diagnostic[] {
  const problems = collectProblems();
  if (!isMap(source)) return [];
  const look = new Look(textAt, problems);
  if (isMap(source['inputs'])) {
    for (const [name, spec] of Object.entries(source['inputs'])) {
      if (!isMap(spec) || (spec['type'] !== 'array' && spec['type'] !== 'object')) continue;
      look.at(spec['default'], ['inputs', name, 'default']);
      look.at(spec['enum'], ['inputs', name, 'enum']);
    }
  }
  for (const { step, path } of sourceSteps(source)) {
    look.at(step?.['foreach'], [...path, 'foreach']);
    const def = step?.['step_def'];
    if (isMap(def) && def['type'] === 'plan') look.at(def['inputs'], [...path, 'step_def', 'inputs']);
  }
  return problems.found;
}

class Look {
  private left = MAX_VALUES;

  constructor(
    private readonly textAt: TextAt,
    private readonly problems: Problems,
  ) {}

  at(value: unknown, path: Path): void {
    if (this.left <= 0) return;
    this.left -= 1;
    if (typeof value === 'number') return this.number(value, path);
    if (typeof value !== 'object' || value === null) return;
    const entries = Array.isArray(value) ? value.entries() : Object.entries(value);
    for (const [key, inner] of entries) this.at(inner, [...path, key]);
  }

  private number(value: number, path: Path): void {
    const written = this.textAt(path);
    if (written === undefined || written === String(value) || Number(written) !== value) return;
    this.problems.add({
      severity: 'warning',
      code: 'number_text',
      path,
      message: `${written} is the number ${value}, and is given to programs as ${value}`,
      hint: `put it in quotes if it is a text: "${written}"`,
    });
  }
}
