import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  buildAnswerPrompt,
  buildFixPrompt,
  buildPrompt,
  buildResumePrompt,
  buildReviewPrompt,
  diffSince,
  type PromptParts,
} from '../../agents/index.js';
import { readEnd } from '../../process/index.js';
import type { AgentTurn, GateFailure } from '../../contract/agent-turn.js';
import { defined } from '../../basics/defined.js';
import { unreachable } from '../../basics/unreachable.js';

/** Bytes of the log of a gate that a prompt shows the end of. */
const GATE_BYTES = 8 * 1024;
const MAX_CRITERIA = 64 * 1024;

/** Writes the prompt of a turn; what it tells of files is read here, on the host where they are. */
export async function promptOf({ prompt, session, settings }: AgentTurn, cwd: string): Promise<string> {
  const { title, text, hint, plan_file: planFile, files, context, context_bytes: contextBytes, again, review } = prompt;
  const parts: PromptParts = {
    title,
    text,
    ...defined({ hint, planFile }),
    files,
    context,
    contextBytes,
    ...(settings.adapter === 'dispatch' ? { words: 'dispatch' } : {}),
  };
  if (review !== undefined) return reviewPrompt(parts, review, cwd);
  const inSession = session !== undefined;
  switch (again?.kind) {
    case undefined:
      return buildPrompt(parts);
    case 'resume':
      return buildResumePrompt(parts, again.reason, inSession);
    case 'answer':
      return buildAnswerPrompt(parts, again.text, inSession);
    case 'fix': {
      const gates = again.gates.map((gate) => ({ run: gate.gate.run, message: gate.message, output: outputOf(gate) }));
      const { review: found, words } = again;
      return buildFixPrompt(parts, { gates, ...defined({ review: found, words }) }, inSession);
    }
    default:
      return unreachable(again);
  }
}

async function reviewPrompt(
  parts: PromptParts,
  review: NonNullable<AgentTurn['prompt']['review']>,
  cwd: string,
): Promise<string> {
  const found = review.since === undefined ? undefined : await diffSince(cwd, review.since, review.max_diff_lines);
  const files = parts.files.map((file) => `- ${file}`).join('\n');
  const unknown = `What has changed is unknown: this is not a git repository. The task named:\n${files}`;
  const criteria =
    review.criteria_file === undefined ? undefined : readCriteria(path.resolve(cwd, review.criteria_file));
  return buildReviewPrompt(parts, {
    diff: found?.diff ?? unknown,
    cut: found?.cut ?? 0,
    ...defined({ prompt: review.prompt, criteria }),
    gates: review.gates,
  });
}

function readCriteria(file: string): string {
  try {
    return readFileSync(file, 'utf8').slice(0, MAX_CRITERIA);
  } catch (error) {
    return `The criteria could not be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The end of what a gate printed: of its whole log where that is here. */
function outputOf({ log_dir, stdout_tail, stderr_tail }: GateFailure): string {
  const streams = ['stdout.log', 'stderr.log'].map((name, index) => {
    const tail = log_dir === undefined ? '' : readEnd(path.join(log_dir, name), GATE_BYTES).tail;
    return (tail === '' ? [stdout_tail, stderr_tail][index]! : tail).trimEnd();
  });
  return streams.filter((text) => text !== '').join('\n');
}
