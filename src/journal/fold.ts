import { defined } from '../basics/defined.js';
import type { AttemptFacts, RunEvent } from '../contract/events.js';
import { EVENTS_VERSION } from '../contract/events-version.js';
import type { RunAbout, StepAbout } from '../contract/run-about.js';
import { orNull } from '../contract/step-result.js';
import {
  ATTEMPT_FACTS,
  FAILED_NOTIFICATIONS,
  MANIFEST_VERSION,
  STEP_FACTS,
  type Manifest,
  type ManifestAttempt,
  type ManifestInstance,
  type ManifestStep,
} from './manifest.js';

/** A manifest that takes events in, one after the other. */
export interface ManifestFold {
  /** The same object throughout. */
  readonly manifest: Manifest;
  /** Places of the steps that have changed since whoever reads this last emptied it. */
  readonly changed: Set<number>;
  apply(event: RunEvent): void;
}

type StepEvent = Extract<RunEvent, { type: `step-${string}` }>;
type EndEvent = Extract<
  RunEvent,
  { type: 'step-succeeded' | 'step-failed' | 'step-timed-out' | 'step-skipped' | 'step-canceled' }
>;

/**
 * The one way to a manifest: what a run is, and its events in order. Written live, sealed at the end, or rebuilt from
 * history, it is the same because the events are.
 */
export function createFold(about: RunAbout): ManifestFold {
  const manifest = emptyManifest(about);
  const places = new Map(manifest.steps.map(({ id }, place) => [id, place]));
  const changed = new Set<number>();
  return {
    manifest,
    changed,
    apply(event) {
      manifest.last_seq = event.seq;
      if (!isOfStep(event)) {
        applyToRun(manifest, event);
        if (event.type === 'run-finished') for (const place of places.values()) changed.add(place);
        return;
      }
      const place = places.get(event.step);
      if (place === undefined) return;
      applyToStep(manifest, manifest.steps[place]!, event);
      changed.add(place);
    },
  };
}

function isOfStep(event: RunEvent): event is StepEvent {
  return event.type.startsWith('step-');
}

/** The manifest of a run from all of its events. */
export function manifestOf(about: RunAbout, events: readonly RunEvent[]): Manifest {
  const fold = createFold(about);
  for (const event of events) fold.apply(event);
  return fold.manifest;
}

function applyToRun(manifest: Manifest, event: Exclude<RunEvent, StepEvent>): void {
  switch (event.type) {
    case 'run-created':
    case 'run-cancel-requested':
    case 'operator-request':
    case 'lock-waited':
    case 'locks-held':
    case 'notification-sent':
      break;
    case 'notification-failed': {
      const { event: about, to, reason, message, step } = event;
      manifest.failed_notifications = [
        ...(manifest.failed_notifications ?? []),
        { event: about, to, reason, message, ...defined({ step }) },
      ].slice(-FAILED_NOTIFICATIONS);
      break;
    }
    case 'run-started':
      manifest.status = 'running';
      manifest.started_at = event.time;
      break;
    case 'run-paused':
      manifest.status = 'paused';
      break;
    case 'run-quarantined':
      manifest.status = 'quarantined';
      break;
    case 'run-resumed':
      manifest.status = 'running';
      break;
    case 'run-finished':
      manifest.status = event.status;
      manifest.reason = event.reason ?? null;
      manifest.message = event.message ?? null;
      manifest.finished_at = event.finished_at ?? event.time;
      manifest.warnings = event.warnings ?? null;
      for (const step of manifest.steps) closeOpenStep(step, event);
      break;
    default:
      return event satisfies never;
  }
}

/** A run that was ended from outside leaves steps behind that have no end of their own. */
function closeOpenStep(step: ManifestStep, end: Extract<RunEvent, { type: 'run-finished' }>): void {
  for (const part of [step, ...(step.instances ?? [])]) {
    if (part.status !== 'pending' && part.status !== 'running' && part.status !== 'waiting') continue;
    part.status = 'canceled';
    part.reason = end.reason ?? 'terminated';
    part.finished_at = end.time;
  }
}

function applyToStep(manifest: Manifest, step: ManifestStep, event: StepEvent): void {
  const item = 'item' in event ? event.item : undefined;
  const part = event.instance === undefined ? step : instanceOf(step, event.instance, item);
  switch (event.type) {
    case 'step-started':
      part.status = event.waits_for === undefined ? 'running' : 'waiting';
      part.started_at = event.time;
      break;
    case 'step-attempt-failed':
      part.attempts.push(attempt(event, 'failed', step.kind));
      manifest.host ??= event.host ?? null;
      break;
    case 'step-retry':
      break;
    case 'step-sub-run-started':
      step.child_run_id = event.child_run_id;
      break;
    case 'step-parked':
      part.status = 'waiting';
      part.message = event.message;
      break;
    case 'step-continued':
      part.status = 'running';
      part.message = null;
      break;
    case 'step-warned':
      break;
    case 'step-recovered':
      step.recovered = true;
      break;
    case 'step-reopened':
      Object.assign(step, unstarted(step.instances !== null), { attempts: step.attempts });
      break;
    case 'step-succeeded':
    case 'step-failed':
    case 'step-timed-out':
    case 'step-skipped':
    case 'step-canceled':
      endPart(manifest, step, part, event);
      break;
    default:
      return event satisfies never;
  }
}

function endPart(manifest: Manifest, step: ManifestStep, part: ManifestStep | ManifestInstance, event: EndEvent): void {
  part.status = statusOf(event);
  part.reason = event.reason ?? null;
  part.message = event.message ?? null;
  part.finished_at = event.time;
  if (event.attempt !== undefined) {
    part.attempts.push(attempt(event.attempt, event.type === 'step-succeeded' ? event.status : 'canceled', step.kind));
    manifest.host ??= event.attempt.host ?? null;
  }
  if (part !== step) return;
  step.by = event.by ?? null;
  step.executions = event.attempts ?? 0;
  step.exit_code = step.attempts.at(-1)?.exit_code ?? null;
  step.outputs = { ...event.outputs };
  if (event.agent !== undefined) step.agent = event.agent;
  Object.assign(step, orNull(STEP_FACTS, event));
}

function statusOf(event: EndEvent): ManifestStep['status'] {
  switch (event.type) {
    case 'step-succeeded':
      return event.status;
    case 'step-skipped':
      return 'skipped';
    case 'step-canceled':
      return 'canceled';
    default:
      return 'failed';
  }
}

function attempt(facts: AttemptFacts, status: ManifestAttempt['status'], kind: string): ManifestAttempt {
  const log = (name: string): string | null => (facts.log_dir === undefined ? null : `${facts.log_dir}/${name}`);
  return {
    attempt: facts.attempt,
    status,
    reason: facts.reason ?? null,
    message: facts.message ?? null,
    started_at: facts.started_at ?? null,
    finished_at: facts.finished_at ?? null,
    ...orNull(ATTEMPT_FACTS, facts),
    stdout: log(kind === 'http' ? 'body' : 'stdout.log'),
    stderr: kind === 'http' ? null : log('stderr.log'),
  };
}

/** @param item is told when it starts; in the order of the schema, so that a manifest is the same text wherever it is made */
function instanceOf(step: ManifestStep, index: number, item?: string): ManifestInstance {
  step.instances ??= [];
  // They start in order, but one that is stopped before it starts is left out.
  const at = step.instances[index];
  const known = at?.index === index ? at : step.instances.find((instance) => instance.index === index);
  if (known !== undefined) return known;
  const instance: ManifestInstance = {
    index,
    ...defined({ item }),
    status: 'pending',
    reason: null,
    message: null,
    started_at: null,
    finished_at: null,
    attempts: [],
  };
  step.instances.push(instance);
  return instance;
}

function emptyManifest(about: RunAbout): Manifest {
  return {
    version: MANIFEST_VERSION,
    run_id: about.run_id,
    plan_id: about.plan_id,
    status: 'pending',
    reason: null,
    message: null,
    last_seq: 0,
    created_at: about.created_at,
    started_at: null,
    finished_at: null,
    warnings: null,
    parent_run_id: about.parent_run_id,
    rerun_of: about.rerun_of,
    started_by: about.started_by,
    temporal_run_id: about.temporal_run_id,
    host: null,
    plan_digest: about.plan_digest,
    description: about.description,
    project: about.project,
    tags: [...about.tags],
    metadata: { ...about.metadata },
    inputs: { ...about.inputs },
    versions: { manifest: MANIFEST_VERSION, events: EVENTS_VERSION, engine: about.engine_version },
    steps: about.steps.map(emptyStep),
  };
}

function emptyStep(about: StepAbout): ManifestStep {
  const { id, name, kind, depends_on, fallback_of } = about;
  return {
    id,
    name,
    kind,
    depends_on: [...depends_on],
    fallback_of,
    finally: about.finally,
    ...unstarted(about.foreach),
  };
}

function unstarted(foreach: boolean): Omit<ManifestStep, keyof StepAbout> {
  return {
    status: 'pending',
    reason: null,
    message: null,
    started_at: null,
    finished_at: null,
    attempts: [],
    by: null,
    executions: 0,
    exit_code: null,
    recovered: false,
    outputs: {},
    ...orNull(STEP_FACTS, {}),
    child_run_id: null,
    instances: foreach ? [] : null,
  };
}
