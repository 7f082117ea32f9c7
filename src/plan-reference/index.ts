// The plan reference: docs/plan-reference.md is written from the schema, the notes here, and docs/reference.
export { referenceKeys, type ReferenceKey } from './keys.js';
export { NOTES } from './notes.js';
export type { Note } from './note.js';
export { planReference } from './page.js';
export { anchorOf, exampleNameOf, type Examples } from './section.js';
