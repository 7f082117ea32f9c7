// Replays the history of one run through the workflow code of the last build, for a debugger:
//   node --inspect-brk scripts/replay.mjs FILE
// FILE is a history as JSON: one of test/histories, or what `temporal workflow show --output json` prints.
// Exits 1 where the code makes other decisions than the history has. docs/debug-a-workflow.md says more.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { payloadCodec } from '../dist/temporal/payload-codec.js';

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('usage: node --inspect-brk scripts/replay.mjs FILE\n');
  process.exitCode = 2;
} else await replay();

async function replay() {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const history = JSON.parse(readFileSync(file, 'utf8'));
  const { workflowId } = history.events[0].workflowExecutionStartedEventAttributes;
  const options = {
    workflowBundle: { codePath: fileURLToPath(new URL('../dist/workflow-bundle.cjs', import.meta.url)) },
    dataConverter: { payloadCodecs: [payloadCodec] },
    debugMode: true, // in this thread, where the debugger is, and without a deadline for those who think
  };
  try {
    await Worker.runReplayHistory(options, history, workflowId);
    process.stdout.write(`${file}: ${history.events.length} events, the same decisions\n`);
  } catch (error) {
    process.stdout.write(`${file}: ${error.message}\n`);
    process.exitCode = 1;
  }
}
