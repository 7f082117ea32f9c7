import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Orch } from './own-service.js';

/** A folder with a loop whose agent is a script that writes down each of its starts. */
export interface LoopRig {
  dir: string;
  /** Where the agent looks for what to do in a certain turn. */
  control: string;
  id: string;
  /** Starts of the agent: `iter-00001.supervisor supervisor.md`. */
  starts(): string[];
  /** A line of shell that the agent runs in a turn, once it has noted its start. */
  inTurn(step: string, script: string): void;
  /** A control file: scripts may wait for it. */
  open(name: string): void;
  write(name: string, text: string): void;
}

/** Prompts, a configuration and an agent. The first line of each prompt is its name. */
export function loopRig(dir: string, id: string, config = ''): LoopRig {
  const control = path.join(dir, '.control');
  const log = path.join(control, 'starts');
  mkdirSync(control, { recursive: true });
  const write = (name: string, text: string): void => {
    const file = path.join(dir, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  for (const name of ['supervisor', 'main', 'reviewer', 'router']) write(`prompts/${name}.md`, `${name}.md\nDo it.\n`);
  const agent = path.join(control, 'agent.sh');
  writeFileSync(
    agent,
    `#!/bin/sh
read -r name
cat > /dev/null
step="\${ORCH_STEP_ID%%~*}"
echo "$step $name" >> '${log}'
if [ -e "${control}/$step.sh" ]; then . "${control}/$step.sh"; fi
echo "did $name"
`,
  );
  chmodSync(agent, 0o755);
  write('orchestration.yaml', `agent: {default: fake}\nagents: {fake: {command: '${agent}'}}\n${config}`);
  return {
    dir,
    control,
    id,
    starts: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
    inTurn: (step, script) => writeFileSync(path.join(control, `${step}.sh`), `${script}\n`),
    open: (name) => writeFileSync(path.join(control, name), ''),
    write,
  };
}

/** The starts that so many iterations make. */
export function wanted(from: number, to: number): string[] {
  const names: string[] = [];
  for (let n = from; n <= to; n += 1) {
    const iteration = `iter-${String(n).padStart(5, '0')}`;
    names.push(`${iteration}.supervisor supervisor.md`, `${iteration}.main main.md`);
  }
  return names;
}

/** What `orch loop status --json` prints. */
export interface LoopJson {
  loop_id: string;
  service_status: string;
  waits_for_worker?: { queue: string; role?: string };
  last_words?: string;
  view?: {
    status: string;
    iteration: number;
    role: string;
    phase?: string;
    prompt?: string;
    waits_for?: string;
    turns: number;
    last_iteration: number;
    failure?: Record<string, unknown>;
    stop_reason?: string;
    warnings: string[];
  };
  recent_turns: {
    iteration: number;
    role: string;
    prompt: string;
    decision: string;
    status: string;
    words: string;
    log_dir?: string;
  }[];
}

export async function loopStatus(orch: Orch, id: string): Promise<LoopJson> {
  const { stdout, stderr, code } = await orch('loop', 'status', id, '--json');
  if (code !== 0) throw new Error(stderr || stdout);
  return JSON.parse(stdout) as LoopJson;
}
