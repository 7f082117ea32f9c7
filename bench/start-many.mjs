// Starts a plan many times at once by the library, and waits for all ends: node start-many.mjs PLAN ID RUNS
import { readFileSync } from 'node:fs';
import { connectEmbedded } from '../dist/library/index.js';

const [file, id, runs] = process.argv.slice(2);
const source = JSON.parse(readFileSync(file, 'utf8'));
const client = await connectEmbedded({ start: false });
await Promise.all(
  Array.from({ length: Number(runs) }, async (_, i) => {
    const { run_id } = await client.start({ source }, { runId: `${id}-${i}` });
    const { status } = await client.result(run_id);
    if (status !== 'succeeded') throw new Error(`the run ${run_id} has ${status}`);
  }),
);
await client.close();
