export type { RunAbout } from '../contract/run-about.js';
export { eventsJsonSchema, runEventSchema, type RunEvent } from '../contract/events.js';
export { createFold, manifestOf, type ManifestFold } from './fold.js';
export { isFinished, manifestJsonSchema, manifestSchema, type Manifest, type ManifestStep } from './manifest.js';
export { metricsOf, runMetricsSchema, type RunMetrics } from './metrics.js';
export { statsOf, type Stats } from './stats.js';
export { EVENTS_VERSION } from '../contract/events-version.js';
export type { EventsPage, PlanAnswer, RecordBatch, RunRecord } from '../contract/run-record.js';
