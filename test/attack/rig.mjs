// A service to attack, with runs worth attacking, and what attackers find out about it.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { Rig, until } from '../chaos/rig.mjs';
import { Chromium, findChromium } from './chromium.mjs';

export { until };

/** Those above 1023. A real browser is attacked at all ports, so it says whether it holds to them. */
const BLOCKED = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** What an attack resolves to where this machine lacks what it takes. */
export class Skipped {
  why;
  constructor(why) {
    this.why = why;
  }
  toString() {
    return this.why;
  }
}

export class AttackRig extends Rig {
  #number = 0;
  #browser;

  async open() {
    await this.orch('up');
    const connection = await Connection.connect({ address: this.service().server.address });
    this.client = new Client({ connection });
  }

  /** @param why of what could not be tried */
  skip(why) {
    return new Skipped(why);
  }

  /** A real browser for which evil.example is this machine; undefined where none is on PATH. */
  browser() {
    const file = findChromium();
    if (file !== undefined) this.#browser ??= new Chromium(file, 'MAP evil.example 127.0.0.1');
    return this.#browser;
  }

  async close(keep) {
    await this.#browser?.close();
    await this.client?.connection.close();
    if (keep) await this.orch('down');
    else await super.close();
  }

  /** An id that no other attack uses. */
  uniqueId(prefix) {
    this.#number += 1;
    return `${prefix}-${this.#number}`;
  }

  /**
   * Starts a run that waits: for an approval, after which `deployed` is written, and in a step that holds a lock
   * until `released` is there. Resolves to its id, its folder and its lock once it waits for both.
   */
  async victim() {
    const id = this.uniqueId('victim');
    const dir = this.folder(id);
    const lock = `lock-of-${id}`;
    await this.start(id, {
      plan_id: 'victim',
      version: '1.0',
      globals: { cwd: dir },
      steps: [
        { id: 'ask', step_def: { type: 'approval', message: 'Deploy?', approvers: ['ann'] } },
        { id: 'deploy', depends_on: ['ask'], command: 'touch', args: ['deployed'] },
        { id: 'hold', command: 'touch held; until [ -e released ]; do sleep 0.05; done', shell: true, locks: [lock] },
      ],
    });
    await until(`${id} holds its lock`, () => this.manifest(id) && readdirSync(dir).includes('held'));
    return { id, dir, lock: `orch-lock:${lock}` };
  }

  /** Ends a victim, whatever has become of it. */
  async endVictim({ id }) {
    await this.orch('cancel', id, '--force').catch(() => {});
  }

  /** The events of a run, by type. */
  async eventsOf(id) {
    const { events } = await this.client.workflow.getHandle(id).fetchHistory();
    return events.map((event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')));
  }

  /** host:port of all that the server and the worker listen on, as a scan of ports finds it. */
  listening() {
    const { server, worker } = this.service();
    const inodes = new Set([server.pid, worker.pid].flatMap(socketsOf));
    return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeners(table, inodes));
  }

  /** What of that a page can reach: to these ports no browser sends anything, says the Fetch standard ("port blocking"). */
  reachable() {
    return this.listening().filter((target) => !BLOCKED.has(Number(target.split(':')[1])));
  }

  /** Sends a request as curl does; resolves to its status and text. */
  curl(url, ...args) {
    return new Promise((resolve, reject) => {
      const call = ['--silent', '--max-time', '10', '--write-out', '\n%{http_code}', ...args, url];
      execFile('curl', call, { maxBuffer: 2 ** 26, encoding: 'utf8' }, (error, stdout) => {
        // 1, 52, 56 and so on: whoever listens there speaks no HTTP. 28: it says nothing at all.
        if (error?.code === 'ENOENT') return reject(error);
        const end = stdout.lastIndexOf('\n');
        return resolve({ status: Number(stdout.slice(end + 1)), text: stdout.slice(0, Math.max(0, end)) });
      });
    });
  }
}

function socketsOf(pid) {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(path.join(folder, fd)))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

/** Lines of /proc/net/tcp: number, local address, remote address, state (0A listens), …, inode. */
function listeners(table, inodes) {
  const lines = readFileSync(table, 'utf8').trim().split('\n').slice(1);
  return lines.flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== '0A' || !inodes.has(fields[9])) return [];
    const [address, port] = fields[1].split(':');
    return `${hostOf(address)}:${Number.parseInt(port, 16)}`;
  });
}

/** IPv4 in the byte order of the machine; an IPv6 one is reached by IPv4 where it is any address or a mapped one. */
function hostOf(hex) {
  const last = hex.slice(-8);
  const bytes = last.match(/../g).map((byte) => Number.parseInt(byte, 16));
  return bytes.every((byte) => byte === 0) ? '127.0.0.1' : bytes.toReversed().join('.');
}
