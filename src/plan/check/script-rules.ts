import { codeArguments } from './code-words.js';
import { isMap, stringsOf } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { scriptArguments } from '../templates/shell-scripts.js';
import { sourceSteps } from '../document/source-steps.js';
import { firstTemplate, mayHoldTemplate } from '../templates/template-text.js';

/** A template that reads what orch knows. Others, say `${{ github.ref }}` in a file that a script writes, are none of ours. */
const TEMPLATE = /\$\{\{\s*((?:prev|inputs|env|run|item|index)\b[^}]*?)\s*\}\}/;

/** Warns of templates in the text of a script: it is never templated, so that no value can become code. */
export function checkScripts(source: Record<string, unknown>, problems: Problems): void {
  for (const { step, path } of sourceSteps(source)) {
    if (step === undefined) continue;
    checkCode(step, path, problems);
    const def = step['step_def'];
    const texts = isMap(def) ? scriptTexts(def, [...path, 'step_def']) : scriptTexts(step, path);
    for (const { text, path: place } of texts) {
      const found = TEMPLATE.exec(text);
      if (found === null) continue;
      problems.add({
        severity: 'warning',
        code: 'template_in_script',
        path: place,
        message: `'\${{ ${found[1]} }}' in a script has no effect: scripts are not templated`,
        hint: `pass the value in the step's env, as NAME: "\${{ ${found[1]} }}", and read $NAME`,
      });
    }
  }
}

/** Warns of templates in code of languages: they are filled in, and so whatever they hold becomes code. */
function checkCode(step: Record<string, unknown>, path: readonly PropertyKey[], problems: Problems): void {
  const def = step['step_def'];
  const [action, at] = isMap(def) ? [def, [...path, 'step_def']] : [step, path];
  const { command, shell } = action;
  if (typeof command !== 'string' || shell === true) return;
  const entries = stringsOf(action['args']);
  if (!entries.some(([, text]) => mayHoldTemplate(text))) return;
  const words = entries.map(([, text]) => text);
  const scripts = scriptArguments(command, words);
  for (const place of codeArguments(command, words)) {
    const [entry, text] = entries[place] ?? [];
    const template = text === undefined || scripts.has(place) ? undefined : firstTemplate(text);
    if (template === undefined) continue;
    problems.add({
      severity: 'warning',
      code: 'template_in_code',
      path: [...at, 'args', entry!],
      message: `${quote(template)} is expanded inside code: whatever it contains becomes code`,
      hint: `pass the value in the step's env and read it there, or as an argument after the code; write $$ for a $ that belongs to the code`,
    });
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
