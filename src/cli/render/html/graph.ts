import type { ManifestStep } from '../../../journal/index.js';
import type { DrawnStep, Drawing } from '../../../ui/drawing.js';
import { GLYPHS } from '../../../ui/glyphs.js';
import { drawGraph } from './drawing.js';
import { escapeHtml, shorten } from './escape.js';

/** The steps and what each waits for, as SVG. */
export function graphSvg(steps: readonly ManifestStep[]): string {
  const drawing = drawGraph(steps);
  if (drawing === undefined) return `<p class="note">A graph of ${steps.length} steps is not drawn.</p>`;
  const { width, height, box } = drawing;
  const edges = drawing.edges.map((path) => `<path d="${path}"/>`);
  const nodes = steps.map((step, index) => node(step, drawing.steps[index]!, box));
  const left = drawing.edges_left_out;
  const note = left === 0 ? '' : `<p class="note">${left} edges are not drawn.</p>`;
  return `<div class="scroll"><svg class="graph" role="img" aria-label="Graph of the steps" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><g class="edges">${edges.join('')}</g>${nodes.join('')}</svg></div>${note}`;
}

function node(step: ManifestStep, { x, y }: DrawnStep, { width, height, named }: Drawing['box']): string {
  const title = escapeHtml(
    [`${step.id}: ${step.status}`, step.name === step.id ? '' : step.name].filter(Boolean).join('\n'),
  );
  const box = `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${named ? 6 : 3}"/>`;
  if (!named) return `<g class="node small ${step.status}"><title>${title}</title>${box}</g>`;
  const label = escapeHtml(`${GLYPHS[step.status]} ${shorten(step.id, 21)}`);
  const text = `<text x="${x + 10}" y="${y + height / 2}" dominant-baseline="central">${label}</text>`;
  return `<g class="node ${step.status}"><title>${title}</title>${box}${text}</g>`;
}
