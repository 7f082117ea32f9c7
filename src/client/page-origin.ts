/** The port of the page, unless `orch ui` is told another one. Beside the Web UI's 8243. */
export const PAGE_PORT = 8253;

/**
 * Where the page of `orch ui` is found: `ORCH_UI_ORIGIN`, or the usual place on the machine of an embedded service.
 *
 * @returns undefined where it is not known: on a Temporal service of your own that is not told
 */
export function pageOrigin(env: Readonly<Record<string, string | undefined>>, embedded: boolean): string | undefined {
  const given = env['ORCH_UI_ORIGIN'];
  if (given !== undefined && URL.canParse(given)) return new URL(given).origin;
  return embedded ? `http://127.0.0.1:${PAGE_PORT}` : undefined;
}
