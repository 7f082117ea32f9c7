import { EXIT, type CliContext } from '../context.js';
import type { FormatFlags } from '../options/format.js';
import { loadPlanFile } from '../load-plan.js';
import { toDot, toMermaid } from '../render/graph.js';

/** `orch graph PLAN`. */
export async function graph(
  context: CliContext,
  file: string,
  flags: FormatFlags & { format: 'mermaid' | 'dot'; json?: boolean },
): Promise<number> {
  const loaded = await loadPlanFile(context, file, flags);
  if (flags.json) {
    const nodes = loaded.plan.steps.map((step) => ({
      id: step.id,
      name: step.name,
      ...(step.action.type === 'plan' ? { plan: step.action.plan } : {}),
    }));
    const edges = loaded.graph.dependencies.flatMap((from, to) =>
      from.map((index) => ({ from: loaded.graph.ids[index], to: loaded.graph.ids[to] })),
    );
    context.out(`${JSON.stringify({ nodes, edges }, null, 2)}\n`);
  } else {
    context.out(flags.format === 'dot' ? toDot(loaded.plan, loaded.graph) : toMermaid(loaded.plan, loaded.graph));
  }
  return EXIT.succeeded;
}
