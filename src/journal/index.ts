export type { RunAbout } from './run-about.js';
export { eventsJsonSchema, EVENTS_VERSION, runEventSchema, type RunEvent } from './events.js';
export { createFold, manifestOf, type ManifestFold } from './fold.js';
export { isFinished, manifestJsonSchema, manifestSchema, type Manifest, type ManifestStep } from './manifest.js';
export { metricsOf, runMetricsSchema, type RunMetrics } from './metrics.js';
export { statsOf, type Stats } from './stats.js';
export type { EventsPage, PlanAnswer, RecordBatch, RunRecord } from './batch.js';
