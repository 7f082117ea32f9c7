// What processes have computed and hold, of Linux' /proc. A process's children are counted by whoever has waited for them,
// so nothing is lost of those that have ended meanwhile.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Ticks of /proc/PID/stat in a second, on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds of a process, of all its threads. */
export function cpuOf(pid) {
  return statOf(pid)?.own ?? 0;
}

/** CPU seconds of all processes below one, those that have ended included. */
export function cpuBelow(pid) {
  const all = allProcesses();
  const below = (parent) =>
    [...all.values()]
      .filter((each) => each.parent === parent)
      .reduce((sum, each) => sum + each.own + each.reaped + below(each.pid), 0);
  return (all.get(pid)?.reaped ?? 0) + below(pid);
}

/** CPU seconds of the processes that this one has started and waited for. */
export function cpuOfChildren() {
  return statOf('self').reaped;
}

/** Begins to measure the most memory that a process holds; `false` where the system does not do that. */
export function resetPeak(pid) {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

/** The most that a process has held of the machine's memory, in MB, since its start or {@link resetPeak}. */
export function peakMb(pid) {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1000;
  } catch {
    return Number.NaN; // it has ended
  }
}

/** The processes below one that are there now. */
export function pidsBelow(pid) {
  const all = [...allProcesses().values()];
  const below = (parent) =>
    all.filter((each) => each.parent === parent).flatMap((each) => [each.pid, ...below(each.pid)]);
  return below(pid);
}

function allProcesses() {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return new Map(pids.flatMap((name) => [statOf(name) ?? []].flat().map((stat) => [stat.pid, stat])));
}

function statOf(pid) {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it has just ended
  }
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime, stime, cutime, cstime] = fields.slice(11, 15);
  return {
    pid: Number.parseInt(text, 10),
    parent: fields[1],
    own: (utime + stime) / TICKS,
    reaped: (cutime + cstime) / TICKS,
  };
}
