// The plan reference: docs/plan-reference.md is written from the schema, the notes here, and docs/reference.
export { referenceKeys } from './keys.js';
export { NOTES } from './notes.js';
export { planReference } from './page.js';
export { anchorOf, exampleNameOf } from './section.js';
