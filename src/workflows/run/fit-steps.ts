import { utf8Length } from '../../plan/templates/shared-env.js';
import type { StepView } from '../../contract/run-messages.js';

/**
 * Bytes of outputs, messages and ends of output that one answer carries, for all steps together. What else it says of
 * a step is short and much the same for each, so that ten thousand of them pack well. Temporal ends a run whose result
 * is larger than 2 MB, and fails a query with such an answer.
 */
const MAX_BYTES = 768 * 1024;

/**
 * Makes the steps of a run fit into one answer: where they say too much together, those that say most keep an equal
 * share of the room. Messages keep their start, ends of output their end; outputs stay whole or go. A step that has
 * lost something is marked as `cut`: the record of the run has the whole.
 */
export function fitSteps(steps: readonly StepView[], max: number = MAX_BYTES): StepView[] {
  const sizes = steps.map(freeBytes);
  if (sum(sizes) <= max) return [...steps];
  const share = fairShare(sizes, max);
  return steps.map((step, index) => (sizes[index]! <= share ? step : cutStep(step, share)));
}

/** Bytes of what a step says at any length. */
function freeBytes({ message, stdout_tail, stderr_tail, warning, agent, outputs }: StepView): number {
  const texts = [message, stdout_tail, stderr_tail, warning, agent?.message];
  return sum(texts.map((text) => utf8Length(text ?? ''))) + outputBytes(outputs);
}

function outputBytes(outputs: StepView['outputs']): number {
  return outputs === undefined ? 0 : utf8Length(JSON.stringify(outputs));
}

/** The largest share such that all fit, where each takes its share or what it needs of it. */
function fairShare(sizes: readonly number[], max: number): number {
  let room = max;
  let left = sizes.length;
  for (const size of sizes.toSorted((a, b) => a - b)) {
    if (size * left > room) return Math.floor(room / left);
    room -= size;
    left -= 1;
  }
  return max;
}

/** Outputs first, for others read them; then what went wrong, and where. */
function cutStep(step: StepView, share: number): StepView {
  const { outputs, message, warning, stderr_tail, stdout_tail, agent, ...facts } = step;
  const cut: StepView = { ...facts, cut: true };
  let room = share;
  const take = (text: string | undefined, part: (text: string, bytes: number) => string): string | undefined => {
    if (text === undefined) return undefined;
    const kept = part(text, room);
    room -= utf8Length(kept);
    return kept;
  };
  if (outputs !== undefined && outputBytes(outputs) <= room) {
    cut.outputs = outputs;
    room -= outputBytes(outputs);
  }
  const kept = {
    message: take(message, startOf),
    warning: take(warning, startOf),
    stderr_tail: take(stderr_tail, endOf),
    stdout_tail: take(stdout_tail, endOf),
  };
  Object.assign(cut, Object.fromEntries(Object.entries(kept).filter(([, text]) => text)));
  if (agent !== undefined) {
    const { message: words, ...known } = agent;
    const said = take(words, endOf);
    cut.agent = { ...known, ...(said ? { message: said } : {}) };
  }
  return cut;
}

/** As many bytes of a text's start; a character that does not fit whole goes. */
function startOf(text: string, bytes: number): string {
  let room = bytes;
  let end = 0;
  while (end < text.length) {
    const char = String.fromCodePoint(text.codePointAt(end)!);
    room -= utf8Length(char);
    if (room < 0) break;
    end += char.length;
  }
  return text.slice(0, end);
}

function endOf(text: string, bytes: number): string {
  let room = bytes;
  let start = text.length;
  while (start > 0) {
    const isPair = start > 1 && text.codePointAt(start - 2)! > 0xffff;
    const size = isPair ? 2 : 1;
    room -= utf8Length(text.slice(start - size, start));
    if (room < 0) break;
    start -= size;
  }
  return text.slice(start);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
