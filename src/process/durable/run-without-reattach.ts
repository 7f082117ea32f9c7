import { runProcess } from '../run-process.js';
import { fileOf, generationOf, makeDir } from './files.js';
import { cancelReasonOf } from './stop-reason.js';
import type { DurableControls, DurableEnd, DurableSpec, Started, StopReason } from './types.js';
import { defined } from '../../basics/defined.js';

/** Windows: the process belongs to this one. A limit and a cancel stop it, and so does `detach`. */
export async function runWithoutReattach(spec: DurableSpec, controls: DurableControls): Promise<DurableEnd> {
  const generation = generationOf(spec.tryDir, 0);
  makeDir(generation.dir);
  const streams = { stdoutFile: fileOf(generation, 'stdout'), stderrFile: fileOf(generation, 'stderr') };
  const { cancel, detach } = controls;
  const signals = [cancel, detach].filter((signal) => signal !== undefined);
  const { timeoutMs: _timeoutMs, ...unlimited } = spec;
  const limitMs = Math.min(spec.timeoutMs ?? Infinity, spec.maxDurationMs ?? Infinity);
  const startedAt = Date.now();
  let started: Started = { pid: 0, generation: 0, startedAt, ...streams, attached: false };
  const { stopped, ...end } = await runProcess(
    {
      ...unlimited,
      env: { ...spec.env, ...spec.generationEnv?.(generation.dir) },
      ...streams,
      ...(limitMs < Infinity && { timeoutMs: limitMs }),
    },
    {
      signal: AbortSignal.any(signals),
      onStart: (pid) => {
        started = { ...started, pid };
        controls.onStart?.(started);
      },
    },
  );
  if (stopped === 'canceled' && !cancel?.aborted) return { kind: 'detached', generation: 0 };
  const asked = stopped === 'canceled' && cancel !== undefined ? cancelReasonOf(cancel) : stopped;
  const reason: StopReason | undefined = asked === 'timeout' && limitMs !== spec.timeoutMs ? 'max_duration' : asked;
  return {
    kind: 'exited',
    ...started,
    ...end,
    ...defined({ stopped: reason }),
    durationMs: Date.now() - startedAt,
  };
}
