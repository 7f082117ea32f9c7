/** What a gate's command must do. */
export type Expectation = { exit: number } | { contains: string };

/**
 * Reads the `expect` of a gate: `exit N`, or `contains "TEXT"`, where `\"` and `\\` stand for the character itself.
 *
 * @returns undefined where it is neither
 */
export function parseExpectation(text: string): Expectation | undefined {
  const [, code] = /^\s*exit\s+(\d{1,3})\s*$/i.exec(text) ?? [];
  if (code !== undefined) return Number(code) <= 255 ? { exit: Number(code) } : undefined;
  const [, quoted] = /^\s*contains\s+"((?:[^"\\]|\\.)+)"\s*$/is.exec(text) ?? [];
  return quoted === undefined ? undefined : { contains: quoted.replaceAll(/\\(["\\])/g, '$1') };
}
