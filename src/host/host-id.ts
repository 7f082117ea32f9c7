import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import os from 'node:os';
import { bootId, processStat } from './proc.js';

/** Where a recorded process id means something: one boot of one kernel, and one pid namespace in it. */
export interface HostId {
  boot: string;
  namespace: string;
}

let known: HostId | undefined;

/** The host that this process runs on. */
export function hostId(): HostId {
  return (known ??= readHostId());
}

/** As it stands in a claim. */
export function formatHostId({ boot, namespace }: HostId): string {
  return `${boot}_${namespace}`;
}

/** The reverse of {@link formatHostId}. */
export function parseHostId(text: string): HostId {
  const [boot = '', namespace = ''] = text.split('_');
  return { boot, namespace };
}

function readHostId(): HostId {
  if (process.platform !== 'linux') {
    const session = execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' });
    return { boot: digest(os.hostname() + session), namespace: 'all' };
  }
  // The number of a namespace is used again after its end, so the start of its first process goes in too.
  const namespace = readlinkSync('/proc/self/ns/pid') + (processStat(1)?.start ?? '');
  return { boot: digest(`${bootId()}\n`), namespace: digest(namespace) };
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
