import type { Manifest, ManifestStep } from '../../../journal/index.js';
import { plainMessage } from '../../../basics/plain-message.js';
import { duration } from '../format.js';
import { GLYPHS } from '../../../ui/glyphs.js';
import { usageOf } from '../run-json.js';
import { escapeHtml } from './escape.js';
import { graphSvg } from './graph.js';
import { timeOf } from './time.js';
import { STYLE } from './style.js';
import { timelineSvg } from './timeline.js';

/** Steps whose logs' ends are shown; those that went badly come first. */
const MAX_TAILS = 100;
/** Steps in the table: a browser takes long to lay out more, and nobody reads them. */
const MAX_ROWS = 2000;

type TailOf = (log: string) => string;

/**
 * A run as one HTML page that needs nothing besides itself: no script, no font, no picture from elsewhere. Its policy
 * forbids all of that, should a name or a log get past the escaping.
 *
 * @param tailOf gives the end of a log, '' where it is not there
 */
export function toHtml(manifest: Manifest, tailOf: TailOf): string {
  const title = escapeHtml(`${manifest.run_id} ${manifest.status}`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${head(manifest)}
<h2>Graph</h2>
${graphSvg(manifest.steps)}
<h2>Timeline</h2>
${timelineSvg(manifest)}
<h2>Steps</h2>
${stepTable(manifest, tailOf)}
</body>
</html>
`;
}

function head(manifest: Manifest): string {
  const { started_at, finished_at } = manifest;
  const took =
    started_at === null || finished_at === null ? undefined : duration(timeOf(finished_at)! - timeOf(started_at)!);
  const facts: [string, string | null | undefined][] = [
    ['Run', manifest.run_id],
    ['Started', started_at],
    ['Finished', finished_at],
    ['Took', took],
    ['Started by', manifest.started_by],
    ['Host', manifest.host],
    ['Project', manifest.project],
    ['Tags', manifest.tags.join(', ')],
    ['Rerun of', manifest.rerun_of],
    ['Parent run', manifest.parent_run_id],
    ['Plan digest', manifest.plan_digest.slice(0, 12)],
    ['Agents', usageText(manifest.steps)],
    ...Object.entries(manifest.inputs).map(([name, value]): [string, string] => [`Input ${name}`, inputText(value)]),
  ];
  const list = facts.flatMap(([name, value]) =>
    value ? [`<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd></div>`] : [],
  );
  const why = [manifest.reason, manifest.message].filter((text) => text !== null).join(': ');
  return `<h1>${escapeHtml(manifest.plan_id)} <span class="status ${manifest.status}">${manifest.status}</span></h1>
${why === '' ? '' : `<div class="dim">${escapeHtml(why)}</div>`}
${manifest.description === null ? '' : `<div>${escapeHtml(manifest.description)}</div>`}
<ul class="counts">${counts(manifest.steps)}</ul>
<dl>${list.join('')}</dl>`;
}

/** What all agents have cost; nothing where there are none. */
function usageText(steps: readonly ManifestStep[]): string {
  const { usage } = usageOf(steps);
  if (usage === undefined) return '';
  return `${usage.tokens} tokens${usage.cost_usd === null ? '' : `, $${usage.cost_usd.toFixed(2)}`}`;
}

function counts(steps: readonly ManifestStep[]): string {
  return (Object.keys(GLYPHS) as ManifestStep['status'][])
    .map((status) => ({ status, count: steps.filter((step) => step.status === status).length }))
    .filter(({ count }) => count > 0)
    .map(({ status, count }) => `<li class="count ${status}">${GLYPHS[status]} ${count} ${status}</li>`)
    .join('');
}

function stepTable({ steps }: Manifest, tailOf: TailOf): string {
  const byUrgency = [...steps].sort((a, b) => urgency(a) - urgency(b));
  const withTails = new Set(byUrgency.slice(0, MAX_TAILS));
  const inTable = new Set(byUrgency.slice(0, MAX_ROWS));
  const shown = steps.length > MAX_ROWS ? steps.filter((step) => inTable.has(step)) : steps;
  const rows = shown.map((step) => stepRow(step, withTails.has(step) ? tailOf : undefined)).join('\n');
  const more = [
    steps.length > MAX_TAILS ? `The ends of the logs of ${MAX_TAILS} steps are shown.` : '',
    steps.length > MAX_ROWS
      ? `Of ${steps.length} steps ${MAX_ROWS} are in the table, those that did not go well first; the manifest (<code>orch export --json</code>) has all.`
      : '',
  ]
    .filter((text) => text !== '')
    .map((text) => `<p class="note">${text}</p>`)
    .join('');
  return `<div class="table"><table><thead><tr><th>Step</th><th>Status</th><th>Took</th><th>Attempts</th><th>What happened</th></tr></thead><tbody>
${rows}
</tbody></table></div>${more}`;
}

function stepRow(step: ManifestStep, tailOf: TailOf | undefined): string {
  const [from, to] = [timeOf(step.started_at), timeOf(step.finished_at)];
  const took = from === undefined || to === undefined ? '' : duration(to - from);
  const name = step.name === step.id ? '' : `<div class="dim">${escapeHtml(step.name)}</div>`;
  const why = [
    step.reason,
    step.message && plainMessage(step.message),
    step.by === null ? null : `by ${step.by}`,
  ].filter((text) => text !== null);
  const recovered = step.recovered ? ' (its fallback made up for it)' : '';
  return `<tr><td class="id">${escapeHtml(step.id)}${name}</td><td class="status ${step.status}">${GLYPHS[step.status]} ${step.status}</td><td class="number">${took}</td><td class="number">${step.executions || ''}</td><td class="why">${escapeHtml(why.join(': ') + recovered)}${agentOf(step)}${instances(step)}${tailOf === undefined ? '' : tails(step, tailOf)}</td></tr>`;
}

/** What an agent's step said and cost. */
function agentOf({ agent }: ManifestStep): string {
  if (agent === undefined) return '';
  const { name, verdict, turns, fix_rounds, tokens, cost_usd, branch, message } = agent;
  const facts = [
    `agent ${name}${verdict === undefined ? '' : `: ${verdict}`}`,
    `${turns} ${turns === 1 ? 'turn' : 'turns'}${fix_rounds === 0 ? '' : `, ${fix_rounds} of them to fix`}`,
    `${tokens} tokens${cost_usd === undefined ? '' : `, $${cost_usd.toFixed(2)}`}`,
    ...(branch === undefined ? [] : [`branch ${branch}`]),
  ];
  const words =
    message === undefined ? '' : `<details><summary>last words</summary><pre>${escapeHtml(message)}</pre></details>`;
  return `<div class="dim">${escapeHtml(facts.join(' · '))}</div>${words}`;
}

function instances({ instances: all }: ManifestStep): string {
  if (all === null || all.length === 0) return '';
  const bad = all.filter(({ status }) => status !== 'success');
  const named = bad
    .slice(0, 20)
    .map(({ index, status, message }) => `[${index}] ${status}${message === null ? '' : `: ${message}`}`);
  const lines = named.map((line) => `<div>${escapeHtml(line)}</div>`).join('');
  return `<div class="dim">${all.length} ${all.length === 1 ? 'instance' : 'instances'}${bad.length === 0 ? '' : `, ${bad.length} not successful`}</div>${lines}`;
}

/** The ends of the logs of the last attempt; where the files are gone, what the run itself has kept. */
function tails(step: ManifestStep, tailOf: TailOf): string {
  const last = step.attempts.at(-1);
  const streams: [string, string, string | null][] = [
    ['stdout', (last?.stdout && tailOf(last.stdout)) || (step.stdout_tail ?? ''), last?.stdout ?? null],
    ['stderr', (last?.stderr && tailOf(last.stderr)) || (step.stderr_tail ?? ''), last?.stderr ?? null],
  ];
  const open = step.status === 'failed' ? ' open' : '';
  return streams
    .filter(([, text]) => text.trim() !== '')
    .map(
      ([name, text, file]) =>
        `<details${open}><summary>${name}${file === null ? '' : ` <code class="dim">${escapeHtml(file)}</code>`}</summary><pre>${escapeHtml(text)}</pre></details>`,
    )
    .join('');
}

function urgency({ status }: ManifestStep): number {
  if (status === 'failed') return 0;
  if (status === 'warning' || status === 'canceled') return 1;
  return status === 'success' ? 2 : 3;
}

function inputText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
