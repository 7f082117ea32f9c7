export type { Check } from './check.js';
export { runDoctor, type DoctorOptions } from './doctor.js';
export { ensureService, type EnsureServiceOptions } from './ensure.js';
export { SERVICE_ERROR_CODES, ServiceError, type ServiceErrorCode } from './errors.js';
export { serviceFiles, type ServiceFiles } from './files.js';
export type { ServiceInfo } from './info.js';
export { ensureSigningKey, readSigningKey } from './signing-key.js';
export { readSigning, workerSigning } from './signing.js';
export { checkStateDir } from './state-folder.js';
export {
  runningServer,
  serviceStatus,
  type ServerStatus,
  type ServiceStatus,
  type StatusOptions,
  type WorkerStatus,
} from './status.js';
export { stopService, type StopResult, type StopServiceOptions } from './stop.js';
export {
  findTemporalBinary,
  type BinarySource,
  type FindBinaryOptions,
  type TemporalBinary,
} from './temporal-binary.js';
export type { TemporalVersion } from './temporal-version.js';
