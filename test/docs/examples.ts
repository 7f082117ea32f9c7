import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import type * as Program from '../../src/cli/program.js';
import { REPO, sharedStateDir, type CliResult } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { uniqueId } from '../support/plans.js';

export const EXAMPLES_DIR = path.join(REPO, 'docs', 'reference');
/** The server that examples name; the test puts its own in. */
const SERVER = 'http://127.0.0.1:8080';

/** An example, and what the comments at its top say. */
export interface Example {
  name: string;
  file: string;
  text: string;
  /** Words after `orch run FILE`. */
  args: string[];
  needs?: string;
  /** What to wait for before the reply: a step that waits, or a quarantine. */
  until?: string;
  /** Words after `orch`. */
  andThen?: string[];
  ends: string;
  /** `id status`, or `id status (reason)`. */
  steps: string[];
  /** The standard output of steps. */
  prints: [step: string, text: string][];
}

/** All examples of the reference, by name. */
export function readExamples(): Map<string, Example> {
  const files = readdirSync(EXAMPLES_DIR).filter((file) => file.endsWith('.yaml'));
  return new Map(files.map((file) => [path.basename(file, '.yaml'), readExample(file)]));
}

function readExample(name: string): Example {
  const file = path.join(EXAMPLES_DIR, name);
  const text = readFileSync(file, 'utf8');
  const [head = ''] = /^(#.*\n)+/.exec(text) ?? [];
  const said = (key: string): string[] =>
    [...head.matchAll(/^# (\w+): +(.*)$/gm)].flatMap(([, word, value]) => (word === key ? [value!] : []));
  const [orch, run, named, ...args] = words(said('run')[0] ?? '');
  if (orch !== 'orch' || run !== 'run' || named !== `docs/reference/${name}`) throw new Error(`${name}: no 'run'`);
  const [needs] = said('needs');
  const [until] = said('until');
  return {
    name: path.basename(name, '.yaml'),
    file,
    text,
    args,
    ...(needs === undefined ? {} : { needs }),
    ...(until === undefined ? {} : { until, andThen: words(said('then')[0] ?? '').slice(1) }),
    ends: said('ends')[0] ?? '',
    steps: said('steps').flatMap((list) => list.split(', ')),
    prints: said('prints').map((line) => line.split(/: (.*)/s, 2) as [string, string]),
  };
}

/** Splits a command as a shell would; the commands of the examples hold words and quotes only. */
function words(command: string): string[] {
  const found = command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  return found.map((word) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single?: string, double?: string) => single ?? double ?? ''),
  );
}

/** How a run ended, in the words of the comments. */
export interface Ending {
  exit: number | null;
  ends: string;
  steps: string[];
  prints: [step: string, text: string][];
  stderr: string;
}

interface RunJson {
  status: string;
  steps: { id: string; status: string; reason: string | null; log_dir: string | null }[];
}

/** Runs an example as its comments say, in a folder of its own. */
export async function runExample(example: Example, folder: string, server: string): Promise<Ending> {
  const cwd = path.join(folder, example.name);
  mkdirSync(cwd);
  const id = uniqueId('docs');
  const args = example.args.map((arg) => arg.replace(SERVER, server));
  const running = orch(['run', example.file, ...args, '--id', id, '--json'], cwd);
  const result = example.andThen === undefined ? await running : await answer(example, id, running);
  return endingOf(example, result);
}

/** Waits for what the example waits for, answers, and follows the run to its end. */
async function answer(example: Example, id: string, running: Promise<CliResult>): Promise<CliResult> {
  const quarantine = example.until === 'the run is quarantined';
  const held = quarantine ? await running : undefined;
  if (held !== undefined && held.code !== 5) return held;
  if (!quarantine) await eventually(`${example.name}: ${example.until}`, () => waits(id, example.until!));
  const answered = await orch(example.andThen!.map((word) => (word === 'RUN' ? id : word)));
  if (answered.code !== 0) throw new Error(`${example.name}: ${answered.stderr}`);
  return quarantine ? orch(['watch', id, '--json']) : running;
}

async function waits(id: string, until: string): Promise<boolean> {
  const { code, stdout } = await orch(['status', id, '--json']);
  if (code !== 0) return false; // it has not been started yet
  return (JSON.parse(stdout) as RunJson).steps.some((step) => `${step.id} is ${step.status}` === until);
}

/** Runs the built command line in this process: starting Node for each of so many examples would cost a minute. */
async function orch(args: readonly string[], cwd = REPO): Promise<CliResult> {
  const built = pathToFileURL(path.join(REPO, 'dist/cli/program.js')).href;
  const { runCli } = (await import(built)) as typeof Program;
  const stdout = collector();
  const stderr = collector();
  const code = await runCli(args, { cwd, env: userEnv(), stdout: stdout.stream, stderr: stderr.stream });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function collector(): { stream: Writable; text: () => string } {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { stream, text: () => text };
}

/** That of a user without any Temporal settings. */
function userEnv(): NodeJS.ProcessEnv {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_'));
  return { ...Object.fromEntries(env), ORCH_STATE_DIR: sharedStateDir(), NO_COLOR: '1' };
}

function endingOf(example: Example, { code, stdout, stderr }: CliResult): Ending {
  const run: RunJson = stdout.startsWith('{') ? (JSON.parse(stdout) as RunJson) : { status: 'refused', steps: [] };
  if (run.steps === undefined) throw new Error(`It printed ${stdout}\n${stderr}`);
  const withReason = new Set(example.steps.flatMap((step) => (step.endsWith(')') ? [step.split(' ')[0]!] : [])));
  const steps = run.steps.map(({ id, status, reason }) => `${id} ${status}${withReason.has(id) ? ` (${reason})` : ''}`);
  const shown = new Set(example.steps.map((step) => step.split(' ')[0]!));
  return {
    exit: code,
    ends: run.status,
    steps: steps.filter((step) => shown.has(step.split(' ')[0]!)).toSorted(),
    prints: example.prints.map(([id]) => [id, printed(run, id)]),
    stderr,
  };
}

function printed(run: RunJson, id: string): string {
  const dir = run.steps.find((step) => step.id === id)?.log_dir;
  if (dir === null || dir === undefined) return '(did not run)';
  return readFileSync(path.join(dir, 'stdout.log'), 'utf8').trimEnd();
}

/** A server for the examples of `http`: `/echo` says what it was sent, `/never` does not answer. */
export async function startServer(): Promise<{ origin: string; close(): void }> {
  const server = http.createServer((request, response) => {
    if (request.url === '/never') return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const received: unknown = body === '' ? null : JSON.parse(body);
      response.writeHead(request.url === '/echo' ? 200 : 404, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ method: request.method, received }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
