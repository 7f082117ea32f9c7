import type { Diagnostic } from '../model/diagnostic.js';

/** The text of a plan's file. */
export interface PlanText {
  /** What diagnostics call the file. */
  name: string;
  text: string | Uint8Array;
}

/** Why there is no text: told where the file is named. */
export type NoPlanText = Pick<Diagnostic, 'code' | 'message' | 'hint'>;

/** The texts that were read, by path: what places are looked up in. */
export type PlanTexts = ReadonlyMap<string, PlanText>;
