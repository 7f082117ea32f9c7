import { readFileSync, statSync } from 'node:fs';
import type { AgentTurn } from '../../contract/agent-turn.js';

/** Bytes of a marker that count as the agent's last words. */
const MAX_TEXT = 8 * 1024;

/** What the file says by whose change an agent tells that its turn is over; undefined until it has changed. */
export function markerText({ completion_marker: file }: AgentTurn, since: number): string | undefined {
  if (file === undefined) return undefined;
  try {
    if (statSync(file).mtimeMs < since) return undefined;
    return readFileSync(file, 'utf8').slice(-MAX_TEXT);
  } catch {
    return undefined; // not there yet
  }
}
