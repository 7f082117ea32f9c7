import { isMap, valueAt } from '../problems/paths.js';
import { quote, type Problems } from '../problems/problems.js';
import { sourceTemplateSites } from '../templates/template-sites.js';
import { mayHoldTemplate, readTemplate, type TemplateFault } from '../templates/template-text.js';
import { unreachable } from '../../basics/unreachable.js';

type Path = readonly PropertyKey[];

/** Finds malformed templates, and strings that no process can be given, in a document that may be wrong anywhere. */
export function checkTemplates(source: Record<string, unknown>, problems: Problems): void {
  const warnUnbraced = unbracedNames(source, problems);
  for (const { text, path } of sourceTemplateSites(source)) {
    warnUnbraced(text, path);
    if (text.includes('\0') && !path.includes('stdin') && !path.includes('body')) {
      const message = 'a NUL character cannot be passed to a process';
      problems.add({ code: 'invalid_value', path, message, hint: 'remove it' });
    }
    if (!mayHoldTemplate(text)) continue;
    for (const fault of readTemplate(text).faults) {
      const hint = 'write ${NAME}, ${NAME:-default} or ${{ expression }}; $$ is a literal $';
      problems.add({ code: 'malformed_template', path, message: describeFault(fault), hint });
    }
  }
}

/** Names that are meant where they stand behind a dollar. */
const USUAL = new Set(['HOME', 'USER', 'PATH', 'PWD', 'TMPDIR', 'HOSTNAME', 'SHELL']);

/**
 * `$NAME` is no template, and a program that is called without a shell gets it as it stands. Warned about where a value
 * was surely meant: the name is one of the plan's, an own or a usual one, or it is all that stands there.
 */
function unbracedNames(source: Record<string, unknown>, problems: Problems): (text: string, path: Path) => void {
  const globals = isMap(source['globals']) ? source['globals']['env'] : undefined;
  const known = new Set([...keysOf(source['inputs']), ...keysOf(globals)]);
  const envOf = (path: Path): readonly string[] => keysOf(valueAt(source, [...path.slice(0, 2), 'env']));
  return (text, path) => {
    for (const [, name] of text.matchAll(/(?<!\$)\$([A-Za-z_]\w*)/g)) {
      const whole = text === `$${name}` && /^[A-Z][A-Z0-9_]+$/.test(name!);
      if (
        !whole &&
        !known.has(name!) &&
        !USUAL.has(name!) &&
        !name!.startsWith('ORCH_') &&
        !envOf(path).includes(name!)
      )
        continue;
      problems.add({
        code: 'unbraced_name',
        severity: 'warning',
        path,
        message: `'$${name}' is passed on as it is written: no shell reads this text`,
        hint: `write \${${name}} for its value, $$${name} if you mean these characters`,
      });
      return;
    }
  };
}

function keysOf(map: unknown): string[] {
  return isMap(map) ? Object.keys(map) : [];
}

function describeFault(fault: TemplateFault): string {
  switch (fault.kind) {
    case 'unclosed':
      return `${quote(fault.text)} has no closing brace`;
    case 'no_name':
      return `${quote(fault.text)} is not a valid template`;
    case 'nested':
      return `${quote(fault.text)}: a default cannot contain a template`;
    default:
      return unreachable(fault.kind);
  }
}
