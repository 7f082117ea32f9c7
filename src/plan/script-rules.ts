import { isMap, stringsOf } from './paths.js';
import type { Problems } from './problems.js';
import { scriptArguments } from './shell-words.js';
import { sourceSteps } from './source-steps.js';

/** A template that reads what orch knows. Others, say `${{ github.ref }}` in a file that a script writes, are none of ours. */
const TEMPLATE = /\$\{\{\s*((?:prev|inputs|env|run|item|index)\b[^}]*?)\s*\}\}/;

/** Warns of templates in the text of a script: it is never templated, so that no value can become code. */
export function checkScripts(source: Record<string, unknown>, problems: Problems): void {
  for (const { step, path } of sourceSteps(source)) {
    if (step === undefined) continue;
    const def = step['step_def'];
    const texts = isMap(def) ? scriptTexts(def, [...path, 'step_def']) : scriptTexts(step, path);
    for (const { text, path: place } of texts) {
      const found = TEMPLATE.exec(text);
      if (found === null) continue;
      problems.add({
        severity: 'warning',
        code: 'template_in_script',
        path: place,
        message: `'\${{ ${found[1]} }}' stands in a script, and scripts are not templated: it stays as it is`,
        hint: `give the value by the step's env, as NAME: "\${{ ${found[1]} }}", and read $NAME`,
      });
    }
  }
}

interface ScriptText {
  text: string;
  path: readonly PropertyKey[];
}

function* scriptTexts(action: Record<string, unknown>, path: readonly PropertyKey[]): Generator<ScriptText> {
  const { type, command, shell, script, verify } = action;
  if ((type === 'shell' || type === 'powershell') && typeof script === 'string') {
    yield { text: script, path: [...path, 'script'] };
  }
  if (typeof command === 'string') {
    if (shell === true) yield { text: command, path: [...path, 'command'] };
    else yield* scriptsAmong(action['args'], command, path);
  }
  if (type !== 'agent' || !Array.isArray(verify)) return;
  for (const [place, gate] of verify.entries()) {
    if (isMap(gate) && typeof gate['run'] === 'string') {
      yield { text: gate['run'], path: [...path, 'verify', place, 'run'] };
    }
  }
}

function* scriptsAmong(args: unknown, command: string, path: readonly PropertyKey[]): Generator<ScriptText> {
  const entries = stringsOf(args);
  const scripts = scriptArguments(
    command,
    entries.map(([, text]) => text),
  );
  for (const [place, [entry, text]] of entries.entries()) {
    if (scripts.has(place)) yield { text, path: [...path, 'args', entry] };
  }
}
