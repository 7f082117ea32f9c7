// Files of other systems, which orch runs by converting them to plans. A format is a folder of its own and an entry here.
import type { Conversion, Convert } from '../plan/files/converted.js';
import { execManifest, type ExecManifestOptions } from './exec-manifest/index.js';
import type { Format, FormatSource } from './format.js';
import { pipelines, type PipelinesOptions } from './pipelines/index.js';

export type { ExecManifestOptions } from './exec-manifest/index.js';
export type { PipelinesOptions } from './pipelines/index.js';

/** What may be said about the conversion of the file that was asked for; each format takes its own. */
export interface FormatOptions {
  'exec-manifest'?: ExecManifestOptions;
  pipelines?: PipelinesOptions;
}

/** The name of a known format. */
export type FormatName = keyof FormatOptions;

const FORMATS = [register('exec-manifest', execManifest, {}), register('pipelines', pipelines, {})];

/**
 * Makes the converter that plans are read with. The options are for the first file: those of sub-plans are converted
 * as they stand.
 */
export function createConverter(options: FormatOptions = {}): Convert {
  const convert: Convert = (document, path, first) => {
    const source = { document, path };
    return FORMATS.find(({ recognise }) => recognise(source))?.convert(source, first ? options : {});
  };
  return Object.assign(convert, { prepare });
}

function prepare(text: string | Uint8Array): string | undefined {
  for (const format of FORMATS) {
    const prepared = format.prepare(text);
    if (prepared !== undefined) return prepared;
  }
  return undefined;
}

interface RegisteredFormat {
  prepare(this: void, text: string | Uint8Array): string | undefined;
  recognise(this: void, source: FormatSource): boolean;
  convert(this: void, source: FormatSource, options: FormatOptions): Conversion;
}

/** Lets a format find its own options. */
function register<Name extends FormatName>(
  name: Name,
  format: Format<NonNullable<FormatOptions[Name]>>,
  defaults: NonNullable<FormatOptions[Name]>,
): RegisteredFormat {
  return {
    prepare: (text) => format.prepare?.(text),
    recognise: (source) => format.recognise(source),
    convert: (source, options) => ({ format: name, ...format.convert(source, options[name] ?? defaults) }),
  };
}
