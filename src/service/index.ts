export type { Check } from './check.js';
export { runDoctor } from './doctor.js';
export { ensureService } from './ensure.js';
export { readSigning, workerSigning } from './signing.js';
export { checkStateDir } from './state-folder.js';
export { runningServer, serviceStatus } from './status.js';
export { stopService } from './stop.js';
export { findTemporalBinary } from './temporal-binary.js';
