/** The kind of error that a message begins with, or names of a part: `ExitError: `. */
const CLASS = /(^|[(;] ?|: )(?:[A-Z][a-z]+)+(?:Error|Failure|Failed): /g;

/** What a message of a step says to people: without the names of classes, which say nothing that the words don't. */
export function plainMessage(message: string): string {
  return message.replaceAll(CLASS, '$1');
}
