import { reviewVerdicts, verdictSection, type VerdictWords } from './verdict-prompt.js';

/** A step that came before, as a prompt tells of it. */
interface PromptContext {
  id: string;
  title: string;
  status: string;
  verdict?: string;
  text: string;
}

/** A gate that an agent's work did not pass. */
export interface PromptGate {
  run: string;
  message: string;
  output: string;
}

/** What a prompt is made of. */
export interface PromptParts {
  title: string;
  text: string;
  hint?: string;
  planFile?: string;
  files: readonly string[];
  context: readonly PromptContext[];
  /** Bytes that the context may have. */
  contextBytes: number;
  /** The words that the answer is to end with; absent means those of orch. */
  words?: VerdictWords;
}

/** Lines of each step's words in the context. */
const CONTEXT_LINES = 50;
/** Characters of the output of one gate. */
const GATE_CHARS = 8000;

/** The prompt of a task. Paragraphs are parted by one blank line, whatever the parts hold. */
export function buildPrompt(parts: PromptParts): string {
  return join([
    contextSection(parts),
    `## Task: ${parts.title}`,
    parts.text,
    parts.files.length === 0 ? '' : `**Files:**\n\n${parts.files.map((file) => `- ${file}`).join('\n')}`,
    parts.hint ?? '',
    parts.planFile === undefined
      ? ''
      : `**Full plan:** ${parts.planFile}\n\nRead what it says about this task, and leave the other tasks alone.`,
    verdictSection(parts.words),
  ]);
}

/** The prompt of a turn that goes on after an interruption. Without its session, the agent is told all of it again. */
export function buildResumePrompt(parts: PromptParts, reason: string, inSession: boolean): string {
  const words = `You did not finish before: ${reason}.`;
  if (inSession) {
    return join([
      words,
      'Look at what is already there, and continue the task until it is done.',
      verdictSection(parts.words),
    ]);
  }
  return join([buildPrompt(parts), begunSection(reason)]);
}

/** What one is told who takes over, without a session, what was begun. */
export function begunSection(reason: string): string {
  const words = `You did not finish before: ${reason}.`;
  return join(['## Before', `This task was started before. ${words} Look at what is already there, and continue.`]);
}

/** The prompt of a turn that mends what gates or a review have found. */
export function buildFixPrompt(
  parts: PromptParts,
  found: { gates: readonly PromptGate[]; review?: string; words?: string },
  inSession: boolean,
): string {
  const gates = found.gates.map(({ run, message, output }) =>
    join([`### \`${run}\``, message, output.trim() === '' ? 'It printed nothing.' : fence(tail(output, GATE_CHARS))]),
  );
  return join([
    inSession ? '' : buildPrompt(parts),
    '## What is left to do',
    gates.length === 0 ? '' : 'Your work did not pass these checks. Fix the cause, not the check.',
    ...gates,
    found.review === undefined
      ? ''
      : `A reviewer looked at the change and did not approve it:\n\n${quoted(found.review)}`,
    found.words === undefined ? '' : `A person says:\n\n${quoted(found.words)}`,
    inSession ? verdictSection(parts.words) : '',
  ]);
}

/** The prompt of a turn that brings the answer to a question. */
export function buildAnswerPrompt(parts: PromptParts, answer: string, inSession: boolean): string {
  return join([
    inSession ? '' : buildPrompt(parts),
    '## Answer',
    inSession ? 'This is the answer to your question:' : 'You asked a question before. This is the answer:',
    quoted(answer),
    inSession ? join(['Continue with the task.', verdictSection(parts.words)]) : '',
  ]);
}

/** The prompt of a reviewer, who looks at a change that another session has made. */
export function buildReviewPrompt(
  parts: PromptParts,
  review: {
    diff: string;
    cut: number;
    prompt?: string;
    criteria?: string;
    gates: readonly { run: string; message: string }[];
  },
): string {
  const gates = review.gates.map(({ run, message }) => `- \`${run}\`: ${message}`).join('\n');
  return join([
    `## Review: ${parts.title}`,
    'Another agent was given the task below. Look at its change. Do not change any file.',
    '### The task',
    quoted(join([parts.text, parts.files.length === 0 ? '' : parts.files.map((file) => `- ${file}`).join('\n')])),
    review.criteria === undefined ? '' : `### Criteria\n\n${quoted(review.criteria)}`,
    review.prompt ?? '',
    gates === '' ? '' : `### Checks that have run\n\n${gates}`,
    '### The change',
    review.diff.trim() === '' ? 'It changed no files.' : fence(review.diff, 'diff'),
    review.cut === 0
      ? ''
      : `${review.cut} more ${review.cut === 1 ? 'line is' : 'lines are'} left out here; look at the files themselves.`,
    `### Verdict

Name what is wrong, the most serious first, with file and line. End your answer with one line:

${reviewVerdicts(parts.words)}`,
  ]);
}

function contextSection({ context, contextBytes }: PromptParts): string {
  if (context.length === 0) return '';
  const head = '## Context from dependencies';
  let left = contextBytes - Buffer.byteLength(head);
  const sections: string[] = [];
  for (const [index, entry] of context.entries()) {
    // Each has its share of what is left, so that the first ones do not take all.
    const section = cutBytes(contextEntry(entry), Math.floor(left / (context.length - index)));
    left -= Buffer.byteLength(section);
    sections.push(section);
  }
  return join([head, ...sections]);
}

function contextEntry({ id, title, status, verdict, text }: PromptContext): string {
  const lines = text.replaceAll('\r\n', '\n').trim().split('\n');
  const shown = lines.slice(0, CONTEXT_LINES).join('\n');
  const more = lines.length - CONTEXT_LINES;
  return join([
    `### ${id}: ${title}`,
    `**Status:** ${status}${verdict === undefined || verdict === status ? '' : ` (${verdict})`}`,
    shown.trim() === '' ? '(no output)' : shown,
    more > 0 ? `... (${more} more lines truncated)` : '',
  ]);
}

/** As many bytes of a text as there is room for, cut at a line where that is possible. */
function cutBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const note = '\n... (cut)';
  const room = Math.max(0, bytes - note.length);
  const kept = Buffer.from(text).subarray(0, room).toString('utf8').replace(/�+$/, '');
  const line = kept.lastIndexOf('\n');
  return `${line > kept.length / 2 ? kept.slice(0, line) : kept}${note}`;
}

/** A block whose fence is longer than any within it. */
function fence(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const marks = '`'.repeat(longest + 1);
  return `${marks}${language}\n${text.replaceAll('\r\n', '\n').trimEnd()}\n${marks}`;
}

function quoted(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .trim()
    .split('\n')
    .map((line) => `> ${line}`.trimEnd())
    .join('\n');
}

function tail(text: string, chars: number): string {
  return text.length <= chars ? text : `… ${text.slice(-chars)}`;
}

function join(parts: readonly string[]): string {
  return parts
    .map((part) => part.replaceAll('\r\n', '\n').trim())
    .filter((part) => part !== '')
    .join('\n\n');
}
