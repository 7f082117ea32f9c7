import { quote, type Problems } from '../problems/problems.js';
import { sourceTemplateSites } from '../templates/template-sites.js';
import { mayHoldTemplate, readTemplate, type TemplateFault } from '../templates/template-text.js';

/** Finds malformed templates, and strings that no process can be given, in a document that may be wrong anywhere. */
export function checkTemplates(source: Record<string, unknown>, problems: Problems): void {
  for (const { text, path } of sourceTemplateSites(source)) {
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

function describeFault(fault: TemplateFault): string {
  switch (fault.kind) {
    case 'unclosed':
      return `${quote(fault.text)} has no closing brace`;
    case 'no_name':
      return `${quote(fault.text)} is not a valid template`;
    case 'nested':
      return `${quote(fault.text)}: a default cannot contain a template`;
    default: {
      const never: never = fault.kind;
      throw new Error(`Internal error: unknown fault ${String(never)}`);
    }
  }
}
