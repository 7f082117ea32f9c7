// Records the history of a run on the embedded service into test/histories, for the replay test:
//   node scripts/record-history.mjs RUN_ID NAME
// Start the run with a plain environment (env -i PATH=/usr/bin:/bin …): what it takes along is part of the history.
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { serviceStatus } from '../dist/service/index.js';

const [runId, name] = process.argv.slice(2);
if (runId === undefined || name === undefined) throw new Error('usage: record-history.mjs RUN_ID NAME');
const { server } = await serviceStatus({ env: process.env });
const connection = await Connection.connect({ address: server.address });
const history = await new Client({ connection }).workflow.getHandle(runId).fetchHistory();
await connection.close();
// Stack traces are of no use to a replay, and tell where this was recorded.
const text = historyToJSON(history)
  .replaceAll(os.hostname(), 'host')
  .replace(/"stackTrace": "(?:[^"\\]|\\.)*"/g, '"stackTrace": ""');
const file = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'test', 'histories', `${name}.json`);
writeFileSync(file, `${text}\n`);
console.log(`${file}: ${history.events.length} events`);
