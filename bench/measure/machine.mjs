// On what was measured.
import os from 'node:os';

/** @param temporal the versions of the server */
export function machineOf(temporal) {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cores: cpus.length,
    memory_gb: Math.round(os.totalmem() / 2 ** 30),
    kernel: os.release(),
    node: process.version,
    temporal,
    load: os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
  };
}
