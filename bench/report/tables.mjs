// What was measured, as tables: `{ title, head, rows }`, whose cells are texts.
import { short } from '../measure/numbers.mjs';

const CPU = ['cpu_ms', 'cpu_worker_ms', 'cpu_steps_ms', 'cpu_server_ms', 'cpu_client_ms'];
const SIZES = ['worker_mb', 'server_mb', 'events', 'bytes', 'files', 'kb'];

/** What a comparison with an earlier one looks at. */
const COMPARED = ['step_ms', 'cpu_ms', 'cpu_worker_ms', 'worker_mb', 'events', 'bytes', 'files', 'kb'];

/** Everything that a shape's entry has besides its contenders. */
const NO_CONTENDERS = new Set(['steps', 'ratios']);

/** The tables of one comparison. */
export function resultTables(results) {
  const all = Object.entries(results.shapes);
  return [
    machineTable(results),
    {
      title: 'Time of whole commands',
      head: ['shape', 'by', 'seconds', 'least–most', 'ms/step', 'orch ÷ it', 'least–most'],
      rows: all.flatMap(([name, shape]) => contendersOf(shape).map((who) => timeRow(name, who, shape))),
    },
    {
      title: 'CPU per step, in ms',
      head: ['shape', 'by', 'all', 'worker', 'steps', 'server', 'client', 'orch ÷ it'],
      rows: all.flatMap(([name, shape]) => contendersOf(shape).map((who) => cpuRow(name, who, shape))),
    },
    {
      title: 'Memory, history and disk',
      head: ['shape', 'by', 'worker MB', 'server MB', 'events/step', 'bytes/step', 'files/step', 'KB/step'],
      rows: all.flatMap(([name, shape]) => ownContendersOf(shape).map((who) => sizeRow(name, who, shape))),
    },
    {
      title: 'From the command to its first step',
      head: ['by', 'ms', 'least–most'],
      rows: Object.entries(results.start_up)
        .filter(([, value]) => value !== undefined)
        .map(([who, value]) => [who, value.median.toFixed(0), range(value)]),
    },
  ];
}

/** What has changed since an earlier comparison, or since the guard's baseline: 1.10 is a tenth more. */
export function changeTables(before, now) {
  const common = Object.keys(now.shapes).filter((name) => before.shapes[name] !== undefined);
  return [
    {
      title: `orch, now ÷ ${before.at}`,
      head: ['shape', ...COMPARED],
      rows: common.map((name) => [name, ...COMPARED.map((metric) => change(before, now, name, metric))]),
    },
  ];
}

function machineTable({ at, machine, rounds }) {
  const { cpu, cores, memory_gb, kernel, node, temporal, load } = machine;
  return {
    title: 'Measured on',
    head: ['when', 'machine', 'versions', 'rounds', 'load at the start'],
    rows: [
      [
        at,
        `${cpu}, ${cores} cores, ${memory_gb} GB, Linux ${kernel}`,
        `Node ${node}, Temporal ${temporal.server ?? JSON.stringify(temporal)}`,
        String(rounds),
        load,
      ],
    ],
  };
}

function timeRow(name, who, shape) {
  const { wall_s, step_ms } = shape[who];
  const ratio = shape.ratios[who]?.wall_s;
  return [name, who, short(wall_s?.median), range(wall_s), short(step_ms?.median), times(ratio), range(ratio)];
}

function cpuRow(name, who, shape) {
  const values = CPU.map((metric) => short(shape[who][metric]?.median));
  return [name, who, ...values, times(shape.ratios[who]?.cpu_ms)];
}

function sizeRow(name, who, shape) {
  return [name, who, ...SIZES.map((metric) => short(shape[who][metric]?.median))];
}

function contendersOf(shape) {
  return Object.keys(shape).filter((key) => !NO_CONTENDERS.has(key));
}

/** Those of whom more is known than what they took. */
function ownContendersOf(shape) {
  return contendersOf(shape).filter((who) => shape[who].events !== undefined);
}

function change(before, now, name, metric) {
  const [was, is] = [before, now].map((each) => valueOf(each.shapes[name], metric));
  return was > 0 && is !== undefined ? (is / was).toFixed(2) : '–';
}

/** The baseline of the guard has numbers of orch alone, where a comparison has medians of all. */
function valueOf(shape, metric) {
  const value = (shape.orch ?? shape)[metric];
  return value?.median ?? value;
}

function times(ratio) {
  return ratio === undefined ? '' : ratio.median.toFixed(2);
}

function range(spread) {
  return spread === undefined ? '' : `${short(spread.min)}–${short(spread.max)}`;
}
