import type { Graph } from '../../plan/graph/graph.js';
import type { Plan, Step } from '../../plan/model/plan.js';
import { oneLine } from './format.js';

/** The plan as a Mermaid flowchart. Nodes have numbers for ids: step ids may hold what Mermaid reads as syntax. */
export function toMermaid(plan: Plan, graph: Graph): string {
  const lines = ['flowchart TD'];
  plan.steps.forEach((step, index) => lines.push(`  s${index}["${mermaidText(label(step))}"]`));
  forEachEdge(graph, (from, to) => lines.push(`  s${from} --> s${to}`));
  return `${lines.join('\n')}\n`;
}

/** The plan as a Graphviz digraph. */
export function toDot(plan: Plan, graph: Graph): string {
  const lines = [`digraph ${dotText(oneLine(plan.plan_id))} {`, '  rankdir=TB;', '  node [shape=box, style=rounded];'];
  plan.steps.forEach((step) => lines.push(`  ${dotText(oneLine(step.id))} [label=${dotText(label(step))}];`));
  forEachEdge(graph, (from, to) =>
    lines.push(`  ${dotText(oneLine(graph.ids[from]!))} -> ${dotText(oneLine(graph.ids[to]!))};`),
  );
  return `${lines.join('\n')}\n}\n`;
}

function label(step: Step): string {
  const lines = step.name === step.id ? [step.id] : [step.id, step.name];
  return [...lines, ...(step.action.type === 'plan' ? [`runs ${step.action.plan}`] : [])].map(oneLine).join('\n');
}

function forEachEdge(graph: Graph, visit: (from: number, to: number) => void): void {
  graph.dependencies.forEach((dependencies, to) => dependencies.forEach((from) => visit(from, to)));
}

function mermaidText(text: string): string {
  const entities: Record<string, string> = {
    '&': '#amp;',
    '"': '#quot;',
    '<': '#lt;',
    '>': '#gt;',
    '#': '#35;',
    '`': '#96;',
  };
  return text.replace(/[&"<>#`]/g, (character) => entities[character]!).replaceAll('\n', '<br/>');
}

function dotText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
