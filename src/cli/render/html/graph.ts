import type { ManifestStep } from '../../../journal/index.js';
import { escapeHtml, shorten } from './escape.js';
import { layOut, type Layout } from './layout.js';
import { GLYPHS } from './status.js';

/** Steps up to which each has its name in the drawing; more are small squares. */
const MAX_NAMED = 150;
/** Edges up to which they are drawn. */
const MAX_EDGES = 3000;

interface Shape {
  width: number;
  height: number;
  gapX: number;
  gapY: number;
  /** Steps one above the other, before a column has another one beside it. */
  rows: number;
}
const NAMED: Shape = { width: 172, height: 30, gapX: 56, gapY: 12, rows: Number.POSITIVE_INFINITY };
const SMALL: Shape = { width: 14, height: 14, gapX: 28, gapY: 4, rows: 24 };
const MARGIN = 8;

interface Drawing {
  places: Map<number, { x: number; y: number }>;
  width: number;
  height: number;
}

/** The steps and what each waits for, as SVG. */
export function graphSvg(steps: readonly ManifestStep[]): string {
  const layout = layOut(steps);
  const shape = steps.length <= MAX_NAMED ? NAMED : SMALL;
  const { places, width, height } = place(layout, shape);
  const drawn = layout.edges.length <= MAX_EDGES;
  const edges = drawn ? layout.edges.map(([from, to]) => edge(places.get(from)!, places.get(to)!, shape)) : [];
  const nodes = steps.map((step, index) => node(step, places.get(index)!, shape));
  const note = drawn ? '' : `<p class="note">${layout.edges.length} edges are not drawn.</p>`;
  return `<div class="scroll"><svg class="graph" role="img" aria-label="Graph of the steps" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"><g class="edges">${edges.join('')}</g>${nodes.join('')}</svg></div>${note}`;
}

/** Columns from left to right, each in the middle of the height. */
function place(layout: Layout, shape: Shape): Drawing {
  const places: Drawing['places'] = new Map();
  const stepY = shape.height + shape.gapY;
  const tallest = Math.min(shape.rows, Math.max(1, ...layout.columns.map((column) => column.length)));
  const inner = tallest * stepY - shape.gapY;
  let left = MARGIN;
  for (const column of layout.columns) {
    const rows = Math.min(shape.rows, column.length);
    const top = MARGIN + (inner - (rows * stepY - shape.gapY)) / 2;
    column.forEach((step, position) => {
      const across = Math.floor(position / rows);
      places.set(step, { x: left + across * (shape.width + shape.gapY), y: top + (position % rows) * stepY });
    });
    const wide = Math.ceil(column.length / rows);
    left += wide * (shape.width + shape.gapY) - shape.gapY + shape.gapX;
  }
  return { places, width: Math.max(1, left - shape.gapX + MARGIN), height: inner + 2 * MARGIN };
}

function node(step: ManifestStep, { x, y }: { x: number; y: number }, shape: Shape): string {
  const title = escapeHtml(
    [`${step.id}: ${step.status}`, step.name === step.id ? '' : step.name].filter(Boolean).join('\n'),
  );
  const box = `<rect x="${x}" y="${y}" width="${shape.width}" height="${shape.height}" rx="${shape === NAMED ? 6 : 3}"/>`;
  if (shape !== NAMED) return `<g class="node ${step.status}"><title>${title}</title>${box}</g>`;
  const label = escapeHtml(`${GLYPHS[step.status]} ${shorten(step.id, 21)}`);
  const text = `<text x="${x + 10}" y="${y + shape.height / 2}" dominant-baseline="central">${label}</text>`;
  return `<g class="node ${step.status}"><title>${title}</title>${box}${text}</g>`;
}

function edge(from: { x: number; y: number }, to: { x: number; y: number }, shape: Shape): string {
  const [x1, y1, x2, y2] = [from.x + shape.width, from.y + shape.height / 2, to.x, to.y + shape.height / 2];
  const bend = Math.max(12, (x2 - x1) / 2);
  return `<path d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
}
