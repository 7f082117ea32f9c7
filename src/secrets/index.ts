export { LogCopy, redactFile, type CopyMarks } from './log-copy.js';
export { createRedactor, createWithholder, type Redactor } from './redactor.js';
export { resolveSecret, SecretError } from './resolve.js';
