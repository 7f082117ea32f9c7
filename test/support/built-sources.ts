import path from 'node:path';
import type { Plugin } from 'vitest/config';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SOURCES = path.join(ROOT, 'src') + path.sep;

/**
 * Lets tests of the build take what they import of `src` from `dist`: what users run is tested, and Node loads it at
 * once, while Vite would compile each module again.
 */
export const builtSources: Plugin = {
  name: 'built-sources',
  enforce: 'pre',
  resolveId(source, importer) {
    if (importer === undefined || !source.startsWith('.')) return undefined;
    const file = path.resolve(path.dirname(importer), source);
    if (!file.startsWith(SOURCES)) return undefined;
    return { id: path.join(ROOT, 'dist', file.slice(SOURCES.length)), external: true };
  },
};
