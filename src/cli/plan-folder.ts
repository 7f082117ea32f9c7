import { open, readdir } from 'node:fs/promises';
import path from 'node:path';

/** Folders that hold no plans of the user's own. */
const FOREIGN = new Set(['node_modules', 'vendor', 'dist', 'build', 'target']);
/** Bytes in which a plan has named itself. */
const HEAD_BYTES = 1024 * 1024;
const NAMES_A_PLAN = /^[\s{]*["']?plan_id["']?\s*:/m;
const OF_OTHER_SYSTEMS = /(?:\.exec\.(?:ya?ml|json)|^codex\.orchestrator\.json)$/i;

/**
 * The files of plans in a folder and below it, in the order of their names: JSON and YAML files with a `plan_id`, exec
 * manifests (`*.exec.yaml`) and files of pipelines (`codex.orchestrator.json`). Hidden folders, links and folders of
 * packages and builds are left out.
 *
 * @param folder as the user wrote it; the files are named from there
 */
export async function plansUnder(folder: string, cwd: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(path.resolve(cwd, folder), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!entry.name.startsWith('.') && !FOREIGN.has(entry.name)) found.push(...(await plansUnder(name, cwd)));
    } else if (entry.isFile() && (await isPlan(path.resolve(cwd, name)))) found.push(name);
  }
  return found;
}

async function isPlan(file: string): Promise<boolean> {
  if (OF_OTHER_SYSTEMS.test(path.basename(file))) return true;
  if (!/\.(?:json|ya?ml)$/i.test(file)) return false;
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return NAMES_A_PLAN.test(buffer.subarray(0, bytesRead).toString());
  } finally {
    await handle.close();
  }
}
