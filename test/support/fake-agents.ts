import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const FAKE = fileURLToPath(new URL('../agents/fakes/fake-agent.mjs', import.meta.url));
const NAMES = ['codex', 'claude', 'gemini', 'opencode'];

/** One start of a fake agent, as it noted it. */
export interface AgentStart {
  agent: string;
  session: string;
  resumed: boolean;
  pid: number;
  cwd: string;
  args: string[];
  prompt: string;
}

/** Puts fake agents on a PATH. @returns the PATH, and what runs need in `globals.env` */
export function fakeAgents(dir: string): { PATH: string; log: string; starts: () => AgentStart[] } {
  const bin = path.join(dir, 'fake-agents');
  mkdirSync(bin, { recursive: true });
  for (const name of NAMES) if (!existsSync(path.join(bin, name))) symlinkSync(FAKE, path.join(bin, name));
  const log = path.join(bin, 'starts.ndjson');
  return {
    PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`,
    log,
    starts: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .split('\n')
            .slice(0, -1) // one that is being written ends in no line
            .map((line) => JSON.parse(line) as AgentStart)
        : [],
  };
}
