import { programName } from '../templates/shell-scripts.js';

interface Language {
  programs: RegExp;
  /** Options whose next word is code. */
  code: RegExp;
  /** Options whose next word is something else. */
  other?: RegExp;
}

/** Programs that run what an option holds as code. */
const LANGUAGES: readonly Language[] = [
  { programs: /^(?:python|pypy)[\d.]*w?$/, code: /^-[bBdEiIOPqsSuvxR]*c$/, other: /^-[WX]$/ },
  {
    programs: /^(?:node|nodejs|bun|tsx|ts-node)$/,
    code: /^(?:-e|-p|-pe|-ep|--eval|--print)$/,
    other: /^(?:-r|--require|--import|--loader)$/,
  },
  { programs: /^perl[\d.]*$/, code: /^-[A-Za-z\d]*[eE]$/, other: /^-I$/ },
  { programs: /^ruby[\d.]*$/, code: /^-[A-Za-z]*e$/, other: /^-[Ir]$/ },
  { programs: /^(?:lua[\d.]*|luajit)$/, code: /^-e$/, other: /^-l$/ },
  { programs: /^(?:julia|elixir|groovy|scala|rscript|r|octave|ghc|raku|crystal)$/, code: /^(?:-e|-E|--eval)$/ },
  { programs: /^erl$/, code: /^-eval$/ },
  { programs: /^php[\d.]*$/, code: /^(?:-[rBRE]|--run|--process-(?:begin|code|end))$/, other: /^-[cdz]$/ },
  { programs: /^osascript$/, code: /^-e$/, other: /^-[ls]$/ },
  { programs: /^g?sed$/, code: /^(?:-[nEruszi]*e|--expression)$/, other: /^-l$/ },
  { programs: /^[gmn]?awk$/, code: /^(?:-e|--source)$/, other: /^(?:-[vFil]|--assign|--field-separator)$/ },
  { programs: /^(?:su|runuser|script|flock)$/, code: /^(?:-c|--command|--session-command)$/ },
  { programs: /^nix-shell$/, code: /^(?:--run|--command)$/, other: /^(?:-p|-A)$/ },
];
/** Options with their code in the same word. */
const IN_ONE_WORD = /^--(?:eval|print|expression|source|command|session-command|run|process-code)=/;
/** Programs whose first word that is no option is code, unless an option has given it already. */
const BY_PLACE = /^(?:[gmn]?awk|g?sed)$/;
/** Options of ssh that take the next word. */
const SSH_OTHER = /^-[bcDEeFIiJLlmOopQRSWw]$/;
/** Programs whose option may come behind other words: `su ann -c …`. */
const LATE_OPTION = /^(?:su|runuser|script|flock)$/;
/** Options by which awk and sed read their code from a file. */
const FROM_FILE = /^(?:-[nEruszi]*f|--file(?:=.*)?)$/;

/**
 * Finds which arguments of a program are code of a language: what follows `python -c`, `node -e`, the program of awk.
 * Behind a program that runs another one (`env`, `docker run`, `uv run`) it is found too. Scripts of shells are told by
 * `scriptArguments`.
 *
 * @returns indexes into `args`
 */
export function codeArguments(command: string, args: readonly string[]): Set<number> {
  const words = [command, ...args];
  for (const [at, word] of words.entries()) {
    const found = codeOf(programName(word), args, at);
    if (found.size > 0) return found;
  }
  return new Set();
}

/** What a program runs of the arguments from `from` on. */
function codeOf(program: string, args: readonly string[], from: number): Set<number> {
  // `deno eval CODE`; what follows are arguments of the code.
  if (program === 'deno') return args[from] === 'eval' ? firstOnly(args, from + 1) : new Set();
  // The words behind the host are joined, and read by its shell.
  if (program === 'ssh') {
    const [host] = firstOnly(args, from, SSH_OTHER);
    return new Set(host === undefined ? [] : [...args.keys()].slice(host + 1));
  }
  const language = LANGUAGES.find(({ programs }) => programs.test(program));
  if (language === undefined) return new Set();
  const { code, other } = language;
  const found = new Set<number>();
  for (let at = from; at < args.length; at += 1) {
    const word = args[at]!;
    if (word === '--') break;
    if (IN_ONE_WORD.test(word)) found.add(at);
    else if (code.test(word)) found.add((at += 1));
    else if (other?.test(word)) at += 1;
    else if (!word.startsWith('-') && !LATE_OPTION.test(program)) break;
  }
  if (found.size > 0 || !BY_PLACE.test(program) || args.some((word) => FROM_FILE.test(word))) return found;
  return firstOnly(args, from, other);
}

/** The first word that is no option. */
function firstOnly(args: readonly string[], from: number, other?: RegExp): Set<number> {
  for (let at = from; at < args.length; at += 1) {
    const word = args[at]!;
    if (word === '--') return new Set(at + 1 < args.length ? [at + 1] : []);
    if (other?.test(word)) at += 1;
    else if (!word.startsWith('-') || word === '-') return new Set([at]);
  }
  return new Set();
}
