export * from '../client/index.js';
export { connectEmbedded, type EmbeddedOptions } from './embedded.js';
