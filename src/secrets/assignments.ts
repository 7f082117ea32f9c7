/**
 * Values that stand behind a name which says that they are secret: `password=…`, `token: …`, `Authorization: Bearer …`,
 * `https://user:…@host`. Text and code have such names too, so a value must look like one: none that is a variable, a
 * call, a template or a type, no word that stands for none, and behind a colon or blanks one with a digit or a sign.
 *
 * Each expression has one group, what stands in front of the value and is left as it is.
 */

/** What no value has: it ends at a quote, a blank, or an escape of the format round it. */
const CHARACTER = String.raw`[^\s"'${'`'}\\&<>]`;
const QUOTE = String.raw`\\{0,3}["'${'`'}]`;
const ENDS = String.raw`(?=[\s,;)\]}"'${'`'}\\]|$)`;

const NAMES = [
  '[Pp]ass(?:word|wd|phrase)',
  'PASS(?:WORD|WD|PHRASE)',
  String.raw`\bPwd`,
  '(?:[Aa]pi|[Aa]ccount|[Ss]hared[Aa]ccess|[Aa]ccess|[Ss]ecret)[_-]?[Kk]ey',
  '(?:API|ACCOUNT|ACCESS|SECRET)[_-]?KEY',
];
/** Names that text and code have more often, and numbers behind them. */
const COMMON_NAMES = ['[Tt]oken', 'TOKEN', '[Ss]ecret', 'SECRET'];

/** Blanks, and the quote of a key, before the sign; `==`, `=>` of a comparison or an arrow, and `::` are none. */
const SIGN = String.raw`(?:\\{0,3}["'\]])?[ \t]{0,4}(?::(?!:)=?|=(?![=>~])|=>)`;
const BLANKS = String.raw`[ \t]{0,4}`;

/** How a value begins that is none: a variable, a template, a call, a member of something, an argument of code. */
const NO_VALUE = [
  String.raw`[$%{<*(\[]`,
  String.raw`\.\.\.|…|https?:|-----BEGIN `,
  String.raw`[A-Za-z_$][\w$]*[(\[]`,
  String.raw`[A-Za-z_$]+\d{0,3}(?:(?:[.?!]?\.|->|::)[A-Za-z_$]+\d{0,3})+\.?${ENDS}`,
  String.raw`[A-Za-z_$]+\d{0,3}[,;)\]}]`,
  String.raw`(?:undefined|string|number|boolean|object|required|optional|redacted|REDACTED)${ENDS}`,
].join('|');
const NAME_AGAIN = String.raw`(?:[A-Za-z]+[_ -])*(?:password|passwd|token|secret|key)${QUOTE}`;
const NUMBER = String.raw`[\d.,:/TZ_-]+${ENDS}`;

/** A sign that ends code or a sentence is part of a value only where the value goes on. */
const PART = String.raw`(?:(?![,;)\]}])${CHARACTER}|[,;)\]}](?=(?![,;)\]}])${CHARACTER}))`;
const LONGEST = 5200;

function assigned(names: readonly string[], none: string, hasSign: string): string[] {
  const name = `(?:${names.join('|')})`;
  return [
    `(${name}${SIGN}${BLANKS}${QUOTE})(?!${none}|${NAME_AGAIN})${hasSign}${CHARACTER}{6,${LONGEST}}(?=${QUOTE})`,
    `(${name}=)(?![=>~]|${none})${PART}{6,${LONGEST}}`,
    `(${name}${SIGN}${BLANKS})(?!${none})(?=${CHARACTER}*[0-9@#^*+~!])${PART}{6,${LONGEST}}`,
  ];
}

const CREDENTIAL = String.raw`(?![$%{<*])[^\s"'${'`'}\\<>]{6,${LONGEST}}`;
const HEADER = `(?:[Aa]uthorization|AUTHORIZATION)`;
const SCHEME = `(?:[Bb]earer|[Bb]asic|[Tt]oken|[Dd]igest)`;

/** Sources of the regular expressions. */
export const ASSIGNMENTS: readonly string[] = [
  ...assigned(NAMES, NO_VALUE, ''),
  ...assigned(COMMON_NAMES, `${NO_VALUE}|${NUMBER}`, `(?=${CHARACTER}*[0-9@#^*+~!=])`),
  String.raw`(${HEADER}(?:\\{0,3}["'])?[ \t]{0,4}[:=][ \t]{0,4}(?:${QUOTE})?${SCHEME}[ \t]{1,4})${CREDENTIAL}`,
  String.raw`(\b[Bb]earer[ \t]{1,4})(?=[^\s"'\\]*\d)[A-Za-z0-9._~+/=-]{16,${LONGEST}}`,
  String.raw`(\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@"'${'`'}\\<>]{0,100}:)(?![$%{<*])[^\s/@"'${'`'}\\<>]{1,256}(?=@)`,
];

/** At least one of these stands in whatever has one. */
export const ASSIGNMENT_HINTS: readonly string[] = [
  'assw ASSW assphrase ASSPHRASE Pwd oken OKEN ecret ECRET pikey piKey pi_key pi-key pi_Key pi-Key PIKEY PI_KEY PI-KEY',
  'ccountkey ccountKey ccount_key ccount-key ccount_Key ccount-Key COUNT uthorization AUTHORIZATION ://',
  'ccesskey ccessKey ccess_key ccess-key ccess_Key ccess-Key CCESS',
]
  .flatMap((words) => words.split(' '))
  .concat('earer ', 'earer\t');

/** Characters from a name to the end of its value, at most. */
const REACH = LONGEST + 128;
const OPEN = new RegExp(
  String.raw`(?:${[...NAMES, ...COMMON_NAMES, HEADER, '[Bb]earer'].join('|')})(?:\\{0,3}["'\]]?)?[ \t]{0,4}(?:[:=]?[=>]?[ \t]{0,4}(?:\\{0,3}["'${'`'}]?)(?:${SCHEME}[ \t]{0,4})?[^\s"'${'`'}\\]{0,${LONGEST}})?\\{0,3}$`,
  'g',
);

/** Where a name stands near the end whose value may go on behind it. */
export function openAssignment(text: string): number {
  const from = Math.max(0, text.length - REACH);
  if (!ASSIGNMENT_HINTS.some((hint) => text.indexOf(hint, from) >= 0)) return text.length;
  OPEN.lastIndex = from;
  return OPEN.exec(text)?.index ?? text.length;
}

const ENDS_AS_NAME = new RegExp(`(?:${[...NAMES, ...COMMON_NAMES].join('|')})$`);
const QUOTED = new RegExp(`^(?:${ASSIGNMENTS.join('|')})"$`);

/** Whether the value of a key of a JSON object is one that is hidden behind such a name. */
export function isNamedSecret(key: string, value: string): boolean {
  return ENDS_AS_NAME.test(key) && QUOTED.test(`${key}:"${value}"`.slice(key.search(ENDS_AS_NAME)));
}
