import { FUNCTIONS, MACROS, METHODS } from '../plan/expressions/library.js';
import { MAX_EXPRESSION_LENGTH } from '../plan/expressions/parse.js';
import { referenceKeys, type ReferenceKey } from './keys.js';
import { anchorOf, fencedExample, keySection, type Examples } from './section.js';

/**
 * Writes the plan reference: the template, with the sections of all keys in it.
 *
 * @param template Markdown with a comment such as `<!-- keys: step -->` or `<!-- example: about.outputs -->` where
 * something is to be put in
 * @param examples a runnable plan for each key, by the key's name
 * @throws where a key has no example, and where the template asks for something that is not there
 */
export function planReference(template: string, examples: Examples): string {
  const keys = referenceKeys();
  const page = template.replaceAll(/<!-- ([^>]*?) -->/g, (whole, what: string) =>
    what === 'contents' ? whole : fillIn(what, keys, examples),
  );
  return page.replace('<!-- contents -->', () => contents(page));
}

/** The keys that belong to each chapter. */
const CHAPTERS: Readonly<Record<string, (name: string) => boolean>> = {
  'keys: plan': (name) => !name.includes('.'),
  'keys: inputs': (name) => name.startsWith('inputs.'),
  'keys: schedule': (name) => name.startsWith('schedule.'),
  'keys: globals': (name) => name.startsWith('globals.'),
  'keys: step': (name) => name.startsWith('step.'),
  kinds: (name) => name.startsWith('step_def.'),
};

function fillIn(what: string, keys: readonly ReferenceKey[], examples: Examples): string {
  const [, example] = /^example: (.+)$/.exec(what) ?? [];
  if (example !== undefined) return fencedExample(example, examples);
  const chapter = Object.hasOwn(CHAPTERS, what) ? CHAPTERS[what] : undefined;
  if (chapter !== undefined) {
    const inIt = keys.filter(({ name }) => chapter(name));
    return inIt.map((key) => keySection(key, examples, isField(key.name) ? 4 : 3)).join('\n\n');
  }
  switch (what) {
    case 'functions':
      return listed(FUNCTIONS);
    case 'methods':
      return listed(METHODS);
    case 'macros':
      return listed(MACROS);
    case 'max length':
      return String(MAX_EXPRESSION_LENGTH);
    default:
      throw new Error(`the template asks for '${what}', which is not known`);
  }
}

/** Fields of a kind of step stand below it. */
function isField(name: string): boolean {
  return /^step_def\.\w+\./.test(name);
}

/** The chapters, each with its sections. */
function contents(page: string): string {
  const chapters: { link: string; sections: string[] }[] = [];
  for (const [, marks, heading] of page.matchAll(/^(##|###) (.+)$/gm)) {
    const link = `[${heading}](#${anchorOf(heading!)})`;
    if (marks === '##') chapters.push({ link, sections: [] });
    else chapters.at(-1)!.sections.push(link);
  }
  return chapters
    .map(({ link, sections }) => `- ${link}${sections.length === 0 ? '' : `: ${sections.join(', ')}`}`)
    .join('\n');
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
