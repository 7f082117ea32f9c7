import { skipString } from './scan.js';

/** What people write who know another language, and how it is written here. */
const HABITS: readonly (readonly [RegExp, string])[] = [
  [/^\s*\$\{\{/, 'this is an expression already: leave out ${{ and }}'],
  [/\$\{/, 'a variable is read as env.NAME, an input as inputs.NAME'],
  [/(?<![\w.])and(?!\w)/i, "write && for 'and'"],
  [/(?<![\w.])or(?!\w)/i, "write || for 'or'"],
  [/(?<![\w.])not(?!\w)/i, "write ! for 'not', as in !(a == b)"],
  [/===|!==/, 'write == and !='],
  [/<>/, 'write != for unequal'],
  [/(?<![=!<>])=(?!=)/, 'write == to compare'],
  [/(?<!&)&(?!&)/, 'write && for a logical and'],
  [/(?<!\|)\|(?!\|)/, 'write || for a logical or'],
  [/(?<![\w.])-(?:eq|ne|lt|le|gt|ge)(?!\w)/, 'write ==, !=, <, <=, > or >='],
];

/** Says how the first habit of another language in a text that cannot be read is written here. */
export function habitHint(text: string): string | undefined {
  const code = withoutStrings(text);
  return HABITS.find(([habit]) => habit.test(code))?.[1];
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['True', 'write true'],
  ['TRUE', 'write true'],
  ['False', 'write false'],
  ['FALSE', 'write false'],
  ['None', 'write null'],
  ['nil', 'write null'],
  ['steps', 'an earlier step is read as prev.<step>.status or prev.<step>.outputs.<name>'],
  ['needs', 'an earlier step is read as prev.<step>.status or prev.<step>.outputs.<name>'],
]);

/** The same for a name that nothing here has. */
export function nameHint(name: string): string | undefined {
  return NAMES.get(name);
}

function withoutStrings(text: string): string {
  let code = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '"' || character === "'") {
      at = skipString(text, at) - 1;
      code += '""';
    } else code += character;
  }
  return code;
}
