// What happens in a night, decided beforehand: which agent takes which turn, how it ends, and so what orch must say of it.

/** Who is called for which prompt. */
export const AGENTS = {
  'supervisor.md': 'claude',
  'other.md': 'json',
  'plain.md': 'plain',
  'main.md': 'codex',
  'reviewer.md': 'gemini',
  'router.md': 'opencode',
};

/** Each limit in a row is waited for twice as long: more of them for one account would make the night long. */
const MOST_QUOTAS = 4;
const REVIEW_EVERY = 5;

const once = (file, then, otherwise) => ['FAKE once ' + file, ...then, 'FAKE otherwise', ...otherwise];

/**
 * Ways in which a turn may go. `says` is what it does; `records` how orch must say that it ended, in order, a failure
 * being followed by a resume; `starts` how often the agent is started for it.
 */
const WAYS = {
  done: ({ done }) => ({ says: [done], records: [['success', /^done /]], starts: 1 }),
  warned: ({ done }) => ({ says: [done, 'FAKE verdict WARN nearly'], records: [['warning', /nearly/]], starts: 1 }),
  'bad exit after the answer': ({ done }) => ({
    says: [done, 'FAKE exit 143'],
    records: [['warning', /it answered, and then it exited with code 143/]],
    starts: 1,
  }),
  quota: ({ file, done }) => ({
    says: once(file, ['FAKE quota 1'], [done]),
    records: [['success', /^done /]],
    starts: 2,
  }),
  'lost session': ({ file, done }) => ({
    says: once(file, ['FAKE forget gone', 'FAKE quota 1'], [done]),
    records: [['success', /^done /]],
    starts: 3,
    fresh: true,
  }),
  'verdict of failure': ({ file, done }) => ({
    says: once(file, ['FAKE verdict FAIL a hole'], [done]),
    records: [
      ['failed', /the agent says fail: a hole/],
      ['success', /^done /],
    ],
    starts: 2,
  }),
  question: ({ file, done }) => ({
    says: once(file, ['FAKE verdict QUESTION which one?'], [done]),
    records: [
      ['failed', /the agent asks: which one\?/],
      ['success', /^done /],
    ],
    starts: 2,
  }),
  killed: ({ file, done }) => ({
    says: once(file, ['FAKE die'], [done]),
    records: [
      ['failed', /SIGKILL|signal|killed/i],
      ['success', /^done /],
    ],
    starts: 2,
  }),
  'own error': ({ file, done }) => ({
    says: once(file, ['FAKE error boom'], [done]),
    records: [
      ['failed', /boom/],
      ['success', /^done /],
    ],
    starts: 2,
  }),
  'nothing said': ({ file, done }) => ({
    says: once(file, ['FAKE empty'], [done]),
    records: [
      ['failed', /./],
      ['success', /^done /],
    ],
    starts: 2,
  }),
};

const WITH_SESSIONS = new Set(['claude', 'codex']);
const WITH_EVENTS = new Set(['claude', 'codex', 'gemini', 'opencode']);

function waysOf(agent, quotas) {
  return Object.keys(WAYS).filter((way) => {
    if (way === 'lost session') return WITH_SESSIONS.has(agent) && quotas < MOST_QUOTAS;
    if (way === 'quota') return quotas < MOST_QUOTAS;
    if (way === 'bad exit after the answer') return WITH_EVENTS.has(agent);
    // A review that says so speaks of the work.
    return way !== 'verdict of failure' || agent !== 'gemini';
  });
}

/** Writes the night: its turns in order, each with the truth about it. @param calm share of turns where nothing happens */
export function writeNight({ turns, random, marks, calm = 0.6 }) {
  const pick = (items) => items[Math.floor(random() * items.length)];
  const quotas = {};
  const night = [];
  for (let n = 0; n < turns; n += 1) {
    const iteration = Math.floor(n / 2) + 1;
    const role = n % 2 === 0 ? 'supervisor' : 'main';
    const id = `iter-${String(iteration).padStart(5, '0')}.${role}`;
    const review = iteration % REVIEW_EVERY === 0;
    const prompt =
      role === 'main' ? 'main.md' : review ? 'reviewer.md' : pick(['supervisor.md', 'other.md', 'plain.md']);
    const agent = AGENTS[prompt];
    const way = random() < calm ? 'done' : pick(waysOf(agent, quotas[agent] ?? 0));
    if (way === 'quota' || way === 'lost session') quotas[agent] = (quotas[agent] ?? 0) + 1;
    const done = `FAKE say done ${id}`;
    night.push({ id, iteration, role, prompt, agent, way, ...WAYS[way]({ done, file: `${marks}/${id}` }) });
    if (role === 'supervisor') night.at(-1).router = routerOf({ id, prompt, random, marks });
  }
  return night;
}

/** The router is asked before each turn of the supervisor; sometimes it answers what is no answer. */
function routerOf({ id, prompt, random, marks }) {
  const fine = [`FAKE say ${prompt}`, 'FAKE no-verdict'];
  if (random() > 0.05) return { says: fine, records: [], starts: 1 };
  const says = once(`${marks}/${id}.router`, ['FAKE say one', 'FAKE say two'], fine);
  return { says, records: [['failed', /the router answered 2 lines/]], starts: 2 };
}
