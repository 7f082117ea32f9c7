/** Shells whose `-c` takes a script. */
const POSIX_SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'fish']);
const POWERSHELLS = new Set(['pwsh', 'powershell']);
/** Programs that run the program named in their arguments. */
const WRAPPERS = new Set(
  'env sudo doas nice nohup time timeout stdbuf setsid ionice xargs busybox chroot docker podman kubectl'.split(' '),
);

/**
 * Finds which arguments of a program are code of a shell: the script that follows `-c`. They must never be templated,
 * or a value could become code.
 *
 * @param fill fills in a word's template; a flag may come from one
 * @returns indexes into `args`
 */
export function scriptArguments(
  command: string,
  args: readonly string[],
  fill: (word: string) => string = (word) => word,
): Set<number> {
  const name = programName(fill(command));
  if (isShell(name)) return scriptsOf(name, args, 0, fill);
  // What program a template names is not known before the run: it may be a shell.
  if (fill(command) === command && command.includes('${')) return scriptsOf('sh', args, 0, fill);
  if (!WRAPPERS.has(name)) return new Set();
  const shell = args.findIndex((word) => isShell(programName(fill(word))));
  return shell < 0 ? new Set() : scriptsOf(programName(fill(args[shell]!)), args, shell + 1, fill);
}

/** Base name of a program, as Windows and everybody else write it. */
export function programName(word: string): string {
  return word
    .slice(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1)
    .toLowerCase()
    .replace(/\.exe$/, '');
}

function isShell(name: string): boolean {
  return POSIX_SHELLS.has(name) || POWERSHELLS.has(name) || name === 'cmd';
}

function scriptsOf(shell: string, args: readonly string[], from: number, fill: (word: string) => string): Set<number> {
  if (shell === 'cmd') return allAfter(args, from, (word) => /^\/[ck]/i.test(fill(word)));
  if (POWERSHELLS.has(shell)) return powershellScript(shell, args, from, fill);
  const script = posixScript(args, from, fill);
  return new Set(script === undefined ? [] : [script]);
}

/** `cmd /c` and `powershell -Command` join all that follows to one script. */
function allAfter(args: readonly string[], from: number, isFlag: (word: string) => boolean): Set<number> {
  const flag = args.findIndex((word, index) => index >= from && isFlag(word));
  return flag < 0 ? new Set() : new Set([...args.keys()].filter((index) => index > flag));
}

/** Options may be shortened (`-c`, `-Com`), and Windows PowerShell takes a word that is no option for a command. */
function powershellScript(
  shell: string,
  args: readonly string[],
  from: number,
  fill: (word: string) => string,
): Set<number> {
  if (args.some((word, index) => index >= from && /^[-/]f(i(le?)?)?$/i.test(fill(word)))) return new Set();
  const scripts = allAfter(args, from, (word) => /^[-/]c(o(m(m(a(nd?)?)?)?)?)?$/i.test(fill(word)));
  if (scripts.size > 0 || shell === 'pwsh') return scripts;
  return new Set([...args.keys()].filter((index) => index >= from));
}

/** The first word that is no option, once an option had a `c` among its letters (`-c`, `-lc`, `-ec`). */
function posixScript(args: readonly string[], from: number, fill: (word: string) => string): number | undefined {
  let takesScript = false;
  for (let index = from; index < args.length; index += 1) {
    const raw = args[index]!;
    // A script is passed on as written, so it is told from an option by what is written.
    const word: string = takesScript ? raw : fill(raw);
    if (word === '--' || word === '-') return takesScript && index + 1 < args.length ? index + 1 : undefined;
    if (word.startsWith('--command=')) return index;
    if (word === '--command') {
      takesScript = true;
    } else if (/^--(rcfile|init-file)$/.test(word)) {
      index += 1;
    } else if (/^[-+][A-Za-z]+$/.test(word)) {
      takesScript ||= word.startsWith('-') && word.includes('c');
      // `-o pipefail` and `-O extglob`, alone or as the last of several letters.
      if (/[oO]$/.test(word)) index += 1;
    } else if (!/^[-+]./.test(word)) {
      return takesScript ? index : undefined;
    }
  }
  return undefined;
}
