import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { LOOPBACK } from './ports.js';

/** The namespace that every dev server has. */
export const NAMESPACE = 'default';

/** Closed runs are kept this long; dev servers keep one day. Seconds. */
const RETENTION_SEC = 30 * 24 * 60 * 60;

const POLL_MS = 25;

/** One question of several; a server that is just starting may let one hang. Milliseconds. */
const ATTEMPT_MS = 2_000;

/** Whether the server at this port of this machine answers for its namespace within `timeoutMs`. */
export async function isHealthy(port: number, timeoutMs: number): Promise<boolean> {
  return waitUntilHealthy(port, timeoutMs, () => true);
}

/** Waits for the server to answer, for `timeoutMs` at most and only while `alive`; resolves to whether it did. */
export async function waitUntilHealthy(port: number, timeoutMs: number, alive: () => boolean): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  do {
    // gRPC waits ever longer between its tries, so it is asked only once somebody listens.
    const left = Math.max(POLL_MS, deadline - performance.now());
    if ((await isListening(port)) && (await answers(port, Math.min(ATTEMPT_MS, left)))) return true;
    await sleep(POLL_MS);
  } while (alive() && performance.now() < deadline);
  return false;
}

/** Makes the server keep closed runs for 30 days. It is kept in the database. */
export async function keepClosedRuns(port: number): Promise<void> {
  await withConnection(port, async (connection) => {
    const config = { workflowExecutionRetentionTtl: { seconds: RETENTION_SEC } as never };
    await connection.withDeadline(Date.now() + 10_000, () =>
      connection.workflowService.updateNamespace({ namespace: NAMESPACE, config }),
    );
  });
}

/** How long the server keeps closed runs. Seconds. */
export async function retentionSeconds(port: number): Promise<number> {
  return withConnection(port, async (connection) => {
    const answer = await connection.withDeadline(Date.now() + 10_000, () =>
      connection.workflowService.describeNamespace({ namespace: NAMESPACE }),
    );
    return Number(answer.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  });
}

async function answers(port: number, timeoutMs: number): Promise<boolean> {
  try {
    await withConnection(port, (connection) =>
      connection.withDeadline(Date.now() + timeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace: NAMESPACE }),
      ),
    );
    return true;
  } catch {
    return false;
  }
}

async function withConnection<T>(port: number, use: (connection: Connection) => Promise<T>): Promise<T> {
  // A pool of its own: a failed try must not make the next one wait.
  const channelArgs = { 'grpc.use_local_subchannel_pool': 1 };
  const connection = Connection.lazy({ address: `${LOOPBACK}:${port}`, tls: false, channelArgs });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK });
    const end = (listening: boolean) => {
      socket.destroy();
      resolve(listening);
    };
    socket.setTimeout(ATTEMPT_MS, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}
