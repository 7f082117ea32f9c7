import { connect } from '../connect.js';
import { EXIT, type CliContext } from '../context.js';
import { openInBrowser } from '../open-in-browser.js';

/** `orch open RUN`: shows its page in the Temporal Web UI, in a browser where there is one. */
export async function open(
  context: CliContext,
  runId: string,
  { print = false, json = false }: { print?: boolean; json?: boolean },
): Promise<number> {
  const client = await connect(context, false);
  try {
    const { web_ui } = await client.describe(runId);
    if (web_ui === undefined) {
      context.note('the address of the Web UI is not known here\n  hint: set ORCH_WEB_UI\n');
      return EXIT.failed;
    }
    context.out(json ? `${JSON.stringify({ run_id: runId, web_ui }, null, 2)}\n` : `${web_ui}\n`);
    if (!print && !(await openInBrowser(context, web_ui))) context.note('no browser could be opened here\n');
    return EXIT.succeeded;
  } finally {
    await client.close();
  }
}
