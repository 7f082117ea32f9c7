export { createRedactor, MASK, type RedactingStream, type Redactor } from './redactor.js';
export { resolveSecret, SecretError, type SecretContext } from './resolve.js';
