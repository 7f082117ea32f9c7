import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

/** Descriptors above this are left to whoever has them: a list up to them would be too long. */
const HIGHEST = 4096;
const O_CLOEXEC = 0o2000000;

let known: readonly number[] | undefined;

/**
 * Descriptors that whoever started this process has left open, a lock say. What this process opens itself is closed in
 * its children by the system; these are not, and a process that lives on would hold them for days. Only Linux passes
 * them on: elsewhere libuv has the system close them.
 */
export function inheritedFds(): readonly number[] {
  return (known ??= process.platform === 'linux' ? findInherited() : []);
}

function findInherited(): number[] {
  try {
    return readdirSync('/proc/self/fd')
      .map(Number)
      .filter((fd) => fd > 2 && fd <= HIGHEST && isPassedOn(fd));
  } catch {
    return [];
  }
}

function isPassedOn(fd: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & O_CLOEXEC) === 0;
  } catch {
    return false; // it was that of the list itself
  }
}

/** What a child gets as `stdio`, so that it has nothing in the place of inherited descriptors. */
export interface ClosedStdio<Stdio> {
  stdio: (Stdio | number | 'ignore')[];
  /** Call it when the child was started. */
  close: () => void;
}

/** Adds to the `stdio` of a child what covers inherited descriptors with /dev/null. */
export function withoutInherited<Stdio>(stdio: readonly Stdio[]): ClosedStdio<Stdio> {
  const fds = inheritedFds().filter((fd) => fd >= stdio.length);
  if (fds.length === 0) return { stdio: [...stdio], close: () => {} };
  const nothing = openSync('/dev/null', 'r');
  const covered = new Set(fds);
  const more = Array.from({ length: Math.max(...fds) + 1 - stdio.length }, (_, place) =>
    covered.has(place + stdio.length) ? nothing : ('ignore' as const),
  );
  return { stdio: [...stdio, ...more], close: () => closeSync(nothing) };
}
