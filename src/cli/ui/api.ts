import type { Plan } from '../../plan/model/plan.js';
import { stateDir } from '../../records/paths.js';
import type { ExplainAnswer, PlanAnswer } from '../../ui/api.js';
import { defined } from '../../basics/defined.js';
import type { CliContext } from '../context.js';
import { forPeople } from '../render/format.js';
import type { ClientSource } from './client-source.js';
import { FollowedRuns } from './followed-runs.js';
import { Refusal } from './http.js';
import type { Api, ApiRequest } from './page-server.js';
import { RunList } from './run-list.js';
import { readLogs } from './run-logs.js';
import { planAnswer } from './run-plan.js';
import { rerunRequest } from './rerun-request.js';
import { steerRequest } from './steer-request.js';

/** Answers what the page asks, by the client that the commands use. */
export function createApi(context: CliContext, clients: ClientSource): { api: Api; close: () => void } {
  const list = new RunList();
  const followed = new FollowedRuns(clients);

  return { api, close: () => followed.close() };

  async function api(request: ApiRequest): Promise<unknown> {
    const [runs, runId, what, ...rest] = request.path;
    if (runs !== 'runs' || runId === '' || rest.length > 0) throw nothingHere();
    if (request.method === 'POST') return change(runId, what, request);
    if (runId === undefined) {
      return clients.with((client) => list.read(client, numberIn(request.query, 'limit')));
    }
    return look(runId, what, request);
  }

  function look(runId: string, what: string | undefined, { query, asker: { user } }: ApiRequest): Promise<unknown> {
    switch (what) {
      case undefined:
        return followed.get(runId).then((run) => run.since(numberIn(query, 'since') ?? 0));
      case 'plan':
        return clients.with((client) => client.planOf(runId)).then((plan: Plan): PlanAnswer => planAnswer(plan, user));
      case 'explain':
        return clients
          .with((client) => client.explain(runId, textIn(query, 'step')))
          .then(({ lines }): ExplainAnswer => forPeople({ lines }));
      case 'logs':
        return readLogs(stateDir(context.env), runId, wantedLogs(query));
      default:
        throw nothingHere();
    }
  }

  function change(
    runId: string | undefined,
    what: string | undefined,
    { body, asker: { user } }: ApiRequest,
  ): Promise<unknown> {
    if (runId === undefined) throw nothingHere();
    if (what === 'verbs') return clients.with((client) => steerRequest(context, client, runId, { body, by: user }));
    if (what === 'rerun') return clients.with((client) => rerunRequest(context, client, runId, { body, by: user }));
    throw nothingHere();
  }
}

function wantedLogs(query: URLSearchParams): Parameters<typeof readLogs>[2] {
  const [stdout, stderr] = [numberIn(query, 'stdout'), numberIn(query, 'stderr')];
  return {
    step: textIn(query, 'step'),
    ...defined({ attempt: numberIn(query, 'attempt') }),
    ...(stdout !== undefined && stderr !== undefined && { place: { stdout, stderr } }),
  };
}

function textIn(query: URLSearchParams, name: string): string {
  const text = query.get(name);
  if (!text) throw new Refusal(400, `${name} is missing`);
  return text;
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const number = Number(text);
  if (!/^\d{1,15}$/.test(text)) throw new Refusal(400, `${name} is not a number`);
  return number;
}

function nothingHere(): Refusal {
  return new Refusal(404, 'There is nothing here');
}
