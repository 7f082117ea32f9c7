import { parentsOf } from '../shapes.mjs';

/** A process, also for those who would do `true` themselves. */
export const TRUE = '/bin/true';

/** The steps that each of a shape's steps waits for, by their numbers. */
export function dependenciesOf({ kind, steps }) {
  return Array.from({ length: steps }, (_, i) => parentsOf(kind, i));
}

/** The same steps by layers: those of one wait for none but earlier ones. */
export function layersOf(shape) {
  const depth = [];
  for (const before of dependenciesOf(shape)) depth.push(Math.max(0, ...before.map((each) => depth[each] + 1)));
  const layers = Array.from({ length: Math.max(...depth) + 1 }, () => []);
  for (const [step, layer] of depth.entries()) layers[layer].push(step);
  return layers;
}
