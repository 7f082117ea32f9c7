import type { Manifest, ManifestFold, ManifestStep } from '../journal/index.js';
import { jsonText } from './write-record.js';

/** Where the steps stand in the text of a manifest: no other line begins with two spaces and these words. */
const STEPS = '\n  "steps": [';
/** Characters of a piece, about. */
const PIECE = 64 * 1024;

/**
 * The text of the manifest of an open run, which is written again and again. What is said of a step is kept, and made
 * anew only where that has changed: to say ten thousand steps at once leaves 6 MB behind for the collector, each time.
 */
export class ManifestText {
  private readonly steps: string[] = [];

  constructor(private readonly fold: ManifestFold) {}

  /** What `jsonText` makes of the manifest as it is now; what happens to that afterwards changes nothing of it. */
  now(): { characters: number; pieces: Iterable<string> } {
    const { manifest, changed } = this.fold;
    if (this.steps.length === 0) this.steps.push(...manifest.steps.map(stepText));
    else for (const place of changed) this.steps[place] = stepText(manifest.steps[place]!);
    changed.clear();
    const [before, behind] = frameOf(manifest);
    const steps = [...this.steps];
    const characters = steps.reduce((sum, text) => sum + text.length, before.length + behind.length);
    return { characters, pieces: piecesOf(before, behind, steps) };
  }
}

function stepText(step: ManifestStep): string {
  const text = JSON.stringify({ steps: [step] }, null, 2);
  return text.slice(text.indexOf('[') + 1, text.lastIndexOf('\n  ]'));
}

/** What stands before the steps, and behind them. */
function frameOf(manifest: Manifest): [before: string, behind: string] {
  const text = jsonText({ ...manifest, steps: [] });
  const at = text.lastIndexOf(`${STEPS}]`) + STEPS.length;
  return [text.slice(0, at), text.slice(at)];
}

function* piecesOf(before: string, behind: string, steps: readonly string[]): Generator<string> {
  let piece = before;
  for (const [place, text] of steps.entries()) {
    piece += place === 0 ? text : `,${text}`;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece + (steps.length === 0 ? behind : `\n  ${behind}`);
}
