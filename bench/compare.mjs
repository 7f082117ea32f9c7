// The comparison: orch as its users run it, by its command and its embedded service, beside the same work as a handwritten
// workflow on the same server (with a process for each step, and with steps that do nothing, which is the floor), in rounds
// one after the other. docs/performance.md says what the columns are, and how peers are installed.
//   node bench/compare.mjs [--shapes chain-100,fan-1000@8] [--rounds 3] [--large] [--peers]
//                          [--json FILE] [--baseline FILE] [--markdown] [--profile FOLDER]
// --large adds 10,000 steps of each kind, --peers what is on PATH of other tools, --baseline ratios to an earlier --json.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machineOf } from './measure/machine.mjs';
import { spread } from './measure/numbers.mjs';
import { BenchService, CONTENDERS } from './measure/service.mjs';
import { presentPeers } from './peers/index.mjs';
import { changeTables, resultTables } from './report/tables.mjs';
import { asMarkdown, asText } from './report/write.mjs';
import { LARGE, parseShape, USUAL } from './shapes.mjs';

const { values: flags } = parseArgs({
  options: {
    shapes: { type: 'string', default: USUAL.join(',') },
    rounds: { type: 'string', default: '3' },
    large: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    json: { type: 'string' },
    baseline: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    profile: { type: 'string' },
  },
});
const shapes = [...flags.shapes.split(',').filter(Boolean), ...(flags.large ? LARGE : [])].map(parseShape);
const rounds = Number(flags.rounds);
const baseline = flags.baseline === undefined ? undefined : JSON.parse(readFileSync(flags.baseline, 'utf8'));

const service = await BenchService.start({ profile: flags.profile });
let peers = [];
try {
  peers = flags.peers ? presentPeers(service, say) : [];
  const results = await compare();
  if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(results, undefined, 2)}\n`);
  const tables = [...resultTables(results), ...(baseline === undefined ? [] : changeTables(baseline, results))];
  process.stdout.write(flags.markdown ? asMarkdown(tables) : asText(tables));
} finally {
  for (const peer of peers) await peer.close();
  await service.close();
}

async function compare() {
  const machine = machineOf(service.temporal);
  say('warming up');
  for (const contender of CONTENDERS) await service.measure(contender, parseShape('fan-50'));
  const measured = {};
  for (const shape of shapes) measured[shape.name] = await measureShape(shape);
  return { at: new Date().toISOString(), machine, rounds, shapes: measured, start_up: await measureStartUp() };
}

async function measureShape(shape) {
  const found = new Map();
  const add = (who, values) => found.set(who, [...(found.get(who) ?? []), values]);
  for (let round = 1; round <= rounds; round += 1) {
    say(`${shape.name}, round ${round} of ${rounds}`);
    for (const contender of CONTENDERS) add(contender, await service.measure(contender, shape));
    for (const peer of peers) if (peer.can(shape)) add(peer.name, await peer.measure(shape));
  }
  const summaries = [...found].map(([who, values]) => [who, summaryOf(values)]);
  return { steps: shape.runs * shape.steps, ...Object.fromEntries(summaries), ratios: ratiosOf(found) };
}

/** Of each value its median, least and most. */
function summaryOf(values) {
  const names = Object.keys(values[0]);
  return Object.fromEntries(names.map((name) => [name, spread(values.map((each) => each[name]))]));
}

/** What orch takes for one second or step of each of the others, each round by itself: what a round meets, all meet. */
function ratiosOf(found) {
  const orch = found.get('orch');
  const others = [...found].filter(([who]) => who !== 'orch');
  const ratio = (values, name) => spread(values.map((each, round) => orch[round][name] / each[name]));
  return Object.fromEntries(
    others.map(([who, values]) => [who, { wall_s: ratio(values, 'wall_s'), cpu_ms: ratio(values, 'cpu_ms') }]),
  );
}

/** Milliseconds from the command to its first step. Cold is with nothing of orch running. */
async function measureStartUp() {
  const found = { orch: [], handwritten: [], 'orch, cold': [] };
  for (let round = 1; round <= rounds; round += 1) {
    say(`start-up, round ${round} of ${rounds}`);
    for (const contender of ['orch', 'handwritten']) found[contender].push(await service.startUp(contender));
  }
  for (let round = 1; flags.profile === undefined && round <= rounds; round += 1) {
    say(`start-up with the service down, round ${round} of ${rounds}`);
    await service.down();
    found['orch, cold'].push(await service.startUp('orch'));
  }
  return Object.fromEntries(Object.entries(found).map(([who, values]) => [who, spread(values)]));
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
