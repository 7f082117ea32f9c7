import type { Conversion } from '../plan/files/converted.js';

/** A document that may be in the format of another system. */
export interface FormatSource {
  /** The document as plain JSON data; it may be wrong anywhere. */
  document: unknown;
  /** The name of its file, as it counts from the folder of the first plan. */
  path: string;
}

/**
 * A file format of another system, which orch runs by converting it to a plan. Pure: text in, plan and diagnostics out.
 * What a format needs of other files comes with its options.
 */
export interface Format<Options> {
  /** As it is shown, and as the plan's metadata has it under `format`. */
  readonly name: string;
  /**
   * Makes readable what its files may hold and JSON and YAML may not, comments say; all else stays where it is.
   * Undefined for a text that needs none of it, or is none of its files.
   */
  prepare?(text: string | Uint8Array): string | undefined;
  /** Whether a file is meant to be in this format, however wrong it may be. No plan ever is. */
  recognise(source: FormatSource): boolean;
  /**
   * Checks a document, and converts it where it is right. What it gives is a plan as somebody could have written it:
   * it is checked as every other, and `orch convert` prints it.
   */
  convert(source: FormatSource, options: Options): Omit<Conversion, 'format'>;
}
