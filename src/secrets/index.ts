export { createLogCopy, redactFile, type LogCopy } from './log-copy.js';
export { createRedactor, createWithholder, MASK, type RedactingStream, type Redactor } from './redactor.js';
export { resolveSecret, SecretError, type SecretContext } from './resolve.js';
