import type { Command } from 'commander';

/**
 * Gives a command the argument that an option has taken: in `orch run --only build plan.yaml` the option takes all words
 * up to the next one, and the plan with them. Where the command would lack its argument, the last of those words is it.
 *
 * @param words the command line after the command's name
 */
export function giveBack(command: Command, words: readonly string[]): string[] {
  const [argument] = command.registeredArguments;
  const taken = argument?.required === true ? lastTaken(command, words) : undefined;
  if (taken === undefined) return [...words];
  return [words[taken]!, ...words.filter((_, index) => index !== taken)];
}

/** Where the word stands that an option took too much; undefined where the command has an argument, or none took two. */
function lastTaken(command: Command, words: readonly string[]): number | undefined {
  let taken: number | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (!isFlag(word)) return undefined; // an argument
    const option = command.options.find(({ short, long }) => word === short || word === long);
    if (option?.variadic === true) {
      const first = at + 1;
      while (at + 1 < words.length && !isFlag(words[at + 1]!)) at += 1;
      if (at > first) taken = at;
    } else if (option?.required === true) at += 1;
  }
  return taken;
}

function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-';
}
