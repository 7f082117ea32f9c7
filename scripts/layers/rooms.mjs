/**
 * The rooms of src, from the lowest to the highest: what each owns, and all that it may import. A room imports only rooms
 * that stand before it. test/layers holds the table to the imports, in both directions, types included; the tables and
 * the picture in the docs are made of it (`npm run schemas`). A file belongs to the room of the nearest folder above it.
 *
 * @typedef {object} Room
 * @property {string} name its folder in src
 * @property {string} owns
 * @property {string[]} rooms that it may import
 * @property {string[]} packages that it may import; `node` stands for all that Node brings
 * @property {boolean} [everywhere] every room may import it, and none says so
 */

const CEL = '@marcbachmann/cel-js';
const ACTIVITY = '@temporalio/activity';
const CLIENT = '@temporalio/client';
const COMMON = '@temporalio/common';
const ENVCONFIG = '@temporalio/envconfig';
const PROTO = '@temporalio/proto';
const WORKER = '@temporalio/worker';
const WORKFLOW = '@temporalio/workflow';

/** @type {Room[]} */
export const ROOMS = [
  {
    ...room('basics', 'what the language lacks: a function each, of no subject. Every room may import it', '', []),
    everywhere: true,
  },
  room(
    'host',
    'what only Node can do and several need: atomic files, growing files, timers, the identity of processes',
    '',
    ['node'],
  ),

  room('plan/model', 'a checked plan, its agents and values, a diagnostic: types, and constants', '', []),
  room('plan/problems', 'error codes, paths, suggestions, rendering of diagnostics', 'plan/model', []),
  room('plan/schedule', 'when a schedule is due: cron lines, time zones', '', []),
  room('plan/document', 'JSON and YAML, with the place of every value', 'plan/model plan/problems', ['yaml']),
  room(
    'plan/schema',
    'the schema of a plan file, for checks and for editors',
    'plan/model plan/problems plan/schedule',
    ['zod'],
  ),
  room(
    'plan/graph',
    'the graph of steps: order, cycles, ancestors, selection',
    'plan/model plan/problems plan/document',
    [],
  ),
  room('plan/expressions', 'expressions (CEL), what they read and what they cost', 'plan/model plan/problems', [CEL]),
  room(
    'plan/templates',
    '`${NAME}`, inputs, secrets and expressions in the texts of steps',
    'plan/model plan/problems plan/document plan/expressions',
    [],
  ),
  room('plan/normalise', 'defaults', 'plan/model plan/schema plan/templates', []),
  room(
    'plan/check',
    'all rules that a plan must keep',
    'plan/model plan/problems plan/schedule plan/document plan/schema plan/graph plan/expressions plan/templates plan/normalise',
    [],
  ),
  room(
    'plan/files',
    'plans of several files: sub-plans, prompts, files of other systems',
    'plan/model plan/problems plan/document plan/schema plan/graph plan/templates plan/normalise plan/check',
    ['zod'],
  ),
  room(
    'plan',
    'the plan language. Pure: it runs in the workflow sandbox and in the command alike',
    'plan/model plan/problems plan/schema plan/graph plan/templates plan/check plan/files',
    [],
  ),
  room(
    'plan-reference',
    'writes docs/plan-reference.md from the schema and its notes; no part of the language',
    'plan/problems plan/schema plan/expressions',
    [],
  ),

  room(
    'formats',
    'files of other systems, a folder each: recognise, check with places, convert to a plan. Pure',
    'plan/model plan/problems plan/document plan/schema plan/graph plan/templates plan/files',
    ['zod'],
  ),
  room(
    'loop',
    'the supervisor/engineer loop: its configuration, who takes the next turn with which prompt, state files, what is committed. Pure',
    'plan/model plan/problems plan/document plan/schema plan/normalise',
    ['zod'],
  ),
  room(
    'contract',
    "what crosses Temporal's wire: queries, updates and signals, the tasks of activities and what they give, events, names; and what all forms of a step's end are made of",
    'plan/model plan/schedule plan/templates plan/check plan/files loop',
    [WORKFLOW, 'zod'],
  ),
  room(
    'engine',
    'a run as a pure state machine: `decide(state, event) → commands`',
    'plan/model plan/graph contract',
    [],
  ),
  room('journal', "what a run's record says: the manifest, the fold from events to it, metrics. Pure", 'contract', [
    'zod',
  ]),

  room('secrets', 'where secrets come from, and how they are kept out of what people read', 'host plan/model', [
    'node',
  ]),
  room(
    'process',
    'a subprocess with its group: start, time out, stop, tails; `durable/` has the ones that outlive their worker',
    'host',
    ['execa', 'node'],
  ),
  room(
    'agents',
    "one adapter per coding agent's CLI, verdicts, quotas, prompts, git. Pure but for `git.ts`, `worktree.ts` and `evidence.ts`",
    'host plan/model plan/document',
    ['execa', 'node'],
  ),
  room('records', "where a run's files are, and how they are written and read", 'host journal secrets', ['node']),
  room(
    'temporal',
    'what client and worker must agree on: settings, payload codec, signatures, the way to the locks',
    'host journal contract',
    [CLIENT, COMMON, ENVCONFIG, PROTO, 'node'],
  ),

  room('workflows/signing', 'seals on all that a workflow hears, hands out and is answered', 'contract', [
    COMMON,
    PROTO,
    WORKFLOW,
  ]),
  room(
    'workflows/temporal',
    'what steps, agents and locks ask of Temporal, as an interface that tests replace',
    'contract',
    [WORKFLOW],
  ),
  room(
    'workflows/program',
    'the input of a run, and what it means',
    'plan/model plan/graph plan/expressions plan/templates plan/files engine contract workflows/temporal',
    [WORKFLOW],
  ),
  room('workflows/record', 'what others see of a run: events, status, signals', 'plan/model engine contract', [
    WORKFLOW,
  ]),
  room('workflows/services', 'locks and accounts, for all runs', 'contract', [WORKFLOW]),
  room(
    'workflows/agent-step',
    'the turns of an agent, its gates and its waits for a quota',
    'plan/model plan/check engine contract workflows/temporal',
    [WORKFLOW],
  ),
  room(
    'workflows/steps',
    'carrying steps out: slots, locks, `foreach`, sub-plans',
    'plan/model plan/templates plan/check plan/files engine contract workflows/signing workflows/temporal workflows/program workflows/record workflows/agent-step',
    [COMMON, WORKFLOW],
  ),
  room(
    'workflows/run',
    'a run as a whole: verbs, waits, views, its end',
    'plan/model plan/problems plan/graph plan/templates engine contract workflows/signing workflows/temporal workflows/program workflows/record workflows/steps',
    [WORKFLOW],
  ),
  room(
    'workflows/loop',
    'the workflow of a loop',
    'plan/check loop contract workflows/temporal workflows/program workflows/record workflows/agent-step workflows/steps',
    [WORKFLOW],
  ),
  room(
    'workflows',
    'the thin Temporal shell round the engine',
    'workflows/signing workflows/services workflows/run workflows/loop',
    [WORKFLOW],
  ),

  room(
    'activities/step',
    'what all steps need: the record of an attempt, heartbeats, limits, secrets',
    'host plan/model plan/templates contract secrets process records temporal',
    [ACTIVITY, COMMON, 'node'],
  ),
  room(
    'activities/command',
    'commands and scripts',
    'host plan/model plan/document contract secrets process records activities/step',
    [ACTIVITY, 'node'],
  ),
  room('activities/http', 'HTTP calls', 'host plan/model plan/document contract secrets records activities/step', [
    ACTIVITY,
    'node',
    'undici',
  ]),
  room(
    'activities/agent',
    'turns of coding agents',
    'host contract secrets process agents records temporal activities/step activities/command',
    ['node'],
  ),
  room(
    'activities/dispatch',
    'which of them a step is',
    'contract activities/step activities/command activities/http activities/agent',
    [ACTIVITY],
  ),
  room(
    'activities/loop',
    'a turn of the loop, and its repository',
    'host loop contract agents records activities/step activities/dispatch',
    [ACTIVITY, 'node'],
  ),
  room(
    'activities/notify',
    'telling people of a run: commands and signed webhooks',
    'host plan/model plan/templates plan/files contract secrets process records activities/step activities/http',
    [ACTIVITY, 'node'],
  ),
  room('activities/cleanup', 'what is left of steps that ended', 'contract process records activities/step', ['node']),
  room(
    'activities',
    '`createActivities(deps)`: what a step does on a worker',
    'plan/model plan/files loop contract records temporal activities/step activities/command activities/agent activities/dispatch activities/loop activities/notify activities/cleanup',
    [ACTIVITY, 'node'],
  ),

  room(
    'client',
    "`OrchClient`: start, follow, steer, list. The library's public API",
    'host plan/model plan/problems plan/schedule plan/graph plan/templates plan/check plan/files plan engine journal loop contract temporal',
    [CLIENT, COMMON, PROTO, WORKFLOW, 'node'],
  ),
  room(
    'worker',
    'building and running a worker',
    'journal contract records temporal activities/step activities/cleanup activities',
    [ACTIVITY, CLIENT, COMMON, WORKER, 'node'],
  ),
  room(
    'service',
    'the embedded service: find or build the Temporal binary, start, stop, health, doctor',
    'formats contract host records temporal client worker',
    [CLIENT, ENVCONFIG, WORKER, 'node', 'zod'],
  ),
  room(
    'library',
    'what programs import: the client, and the way to the embedded service',
    'records temporal client service',
    [],
  ),
  room(
    'ui',
    'the page that `orch ui` serves: what runs in the browser, and what it and its server say to each other',
    'contract',
    ['preact'],
  ),
  room(
    'cli',
    'the command: one file per command in `commands/`, rendering in `render/`; it loads what it needs when it needs it',
    'host plan/model plan/problems plan/schedule plan/document plan/graph plan/templates plan/check plan/files formats journal loop contract process agents records temporal activities/cleanup client worker service library ui',
    ['commander', 'get-east-asian-width', 'node', 'picocolors', 'yaml', 'zod'],
  ),
];

/** @returns {Room} */
function room(
  /** @type {string} */ name,
  /** @type {string} */ owns,
  /** @type {string} */ rooms,
  /** @type {string[]} */ packages,
) {
  return { name, owns, rooms: rooms === '' ? [] : rooms.split(' '), packages };
}
