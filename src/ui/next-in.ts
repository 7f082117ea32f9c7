import type { DrawnStep } from './drawing.js';

/** Where an arrow key leads. */
export type Way = 'left' | 'right' | 'up' | 'down';

/** The step that is next in a direction: what is ahead, and of that what is nearest. Undefined where there is none. */
export function nextIn(steps: readonly DrawnStep[], from: DrawnStep, way: Way): DrawnStep | undefined {
  const ahead = ({ x, y }: DrawnStep): [along: number, beside: number] => {
    const [dx, dy] = [x - from.x, y - from.y];
    if (way === 'left' || way === 'right') return [way === 'right' ? dx : -dx, Math.abs(dy)];
    return [way === 'down' ? dy : -dy, Math.abs(dx)];
  };
  let best: DrawnStep | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const step of steps) {
    const [along, beside] = ahead(step);
    // What is beside costs more: down leads down the column, not to the next one.
    const far = along <= 0 ? Number.POSITIVE_INFINITY : along + 3 * beside;
    if (far < least) [best, least] = [step, far];
  }
  return best;
}
