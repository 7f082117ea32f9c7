import type { Diagnostic } from '../../plan/model/diagnostic.js';
import type { DiagnosticCode } from '../../plan/problems/codes.js';

/** A check that a task's work must pass. */
interface VerifyEntry {
  /** A line for the shell. */
  run: string;
  /** `exit N` or `contains "TEXT"`. */
  expect: string;
}

/** What a prose plan says of a task. */
export interface ProseTask {
  /** From its heading to the next one. */
  section: string;
  verify: readonly VerifyEntry[];
}

/** A prose plan, by its tasks. */
export interface ReadProse {
  /** Undefined for a task that it has no heading for. */
  taskOf(id: string): ProseTask | undefined;
  diagnostics: Diagnostic[];
}

const HEADING = /^#{2,3}[ \t]+Task[ \t]+(\d+)[ \t]*[:.]/;
const RUN = /^-[ \t]+run:[ \t]*`([^`]+)`$/;
const EXPECT = /^expect:[ \t]*(.*)$/;
const FENCE = /^(`{3,}|~{3,})/;

interface OpenTask {
  line: number;
  lines: string[];
  entries: VerifyEntry[];
}

/** What is being read, line by line. */
interface Reader {
  /** Fence of the code block that the line is in. */
  fence?: string;
  /** The task whose section it is. */
  task?: OpenTask;
  /** The line with `<verify>` that is still open. */
  open?: number;
  /** The entry that an `expect:` would belong to. */
  last?: VerifyEntry;
}

/**
 * Reads the sections of a prose plan, and their `<verify>` blocks: lines of "- run: `command`", each with an `expect:` below it where
 * something else than exit 0 is expected, below a heading `## Task N:`. A heading in a code block is none.
 *
 * @param file what diagnostics call the plan
 */
export function readProsePlan(text: string, file: string): ReadProse {
  const tasks = new Map<string, OpenTask>();
  const diagnostics: Diagnostic[] = [];
  const reader: Reader = {};
  const lines = text.split('\n');
  const tell = (line: number, what: Omit<Diagnostic, 'code'> & { code: DiagnosticCode }): void =>
    void diagnostics.push({ ...what, file, line, column: indent(lines[line - 1]!) + 1 });
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.trim();
    const fence = FENCE.exec(content)?.[1];
    if (fence !== undefined && reader.open === undefined) {
      if (reader.fence === undefined) reader.fence = fence;
      else if (fence.startsWith(reader.fence) && content === fence) delete reader.fence;
    }
    const number = reader.fence === undefined ? HEADING.exec(raw)?.[1] : undefined;
    if (number !== undefined) {
      closeBlock(reader, tell);
      const first = tasks.get(plain(number));
      reader.task = { line, lines: [], entries: [] };
      if (first === undefined) tasks.set(plain(number), reader.task);
      else tell(line, repeated(number, file, first.line));
    } else if (reader.open !== undefined) readLine(reader, content, line, tell);
    else if (content === '<verify>' && reader.task !== undefined) reader.open = line;
    reader.task?.lines.push(raw.trimEnd());
  }
  closeBlock(reader, tell);
  return {
    taskOf(id) {
      const task = tasks.get(plain(/\d+$/.exec(id)?.[0] ?? ''));
      return task === undefined ? undefined : { section: task.lines.join('\n').trim(), verify: task.entries };
    },
    diagnostics,
  };
}

type Tell = (line: number, what: Omit<Diagnostic, 'code'> & { code: DiagnosticCode }) => void;

/** A line of an open block. */
function readLine(reader: Reader, content: string, line: number, tell: Tell): void {
  if (content === '</verify>') {
    delete reader.open;
    delete reader.last;
    return;
  }
  const run = RUN.exec(content)?.[1];
  const expect = EXPECT.exec(content)?.[1];
  if (run !== undefined) {
    reader.last = { run, expect: 'exit 0' };
    reader.task!.entries.push(reader.last);
  } else if (expect !== undefined && reader.last !== undefined) {
    const understood = readExpect(expect);
    if (understood === undefined) tell(line, strangeExpect(expect));
    else reader.last.expect = understood;
    delete reader.last;
  } else if (content !== '') {
    tell(line, strangeLine(content));
  }
}

/** Backticks round it are let pass. */
function readExpect(text: string): string | undefined {
  const wanted = text.replace(/^`(.*)`$/, '$1').trim();
  const exit = /^exit[ \t]+(\d{1,3})$/.exec(wanted);
  if (exit !== null) return `exit ${Number(exit[1])}`;
  return /^contains[ \t]+"(?:[^"\\]|\\.)+"$/.test(wanted) ? wanted.replace(/^contains[ \t]+/, 'contains ') : undefined;
}

function closeBlock(reader: Reader, tell: Tell): void {
  if (reader.open !== undefined) {
    tell(reader.open, {
      code: 'malformed_verify',
      severity: 'error',
      message: 'this <verify> block is not closed',
      hint: 'end it with a line </verify>, before the next task',
    });
  }
  delete reader.open;
  delete reader.last;
}

function repeated(number: string, file: string, first: number): Omit<Diagnostic, 'code'> & { code: DiagnosticCode } {
  return {
    code: 'duplicate_task_heading',
    severity: 'error',
    message: `a second heading for task ${number}`,
    hint: 'tasks find their <verify> blocks by this number: give each its own',
    related: [{ message: 'first used here', file, line: first, column: 1 }],
  };
}

function strangeExpect(expect: string): Omit<Diagnostic, 'code'> & { code: DiagnosticCode } {
  return {
    code: 'malformed_verify',
    severity: 'warning',
    message: expect === '' ? 'this expect is empty, and is read as exit 0' : 'this expect is read as exit 0',
    hint: 'write exit N, or contains "TEXT"',
  };
}

function strangeLine(content: string): Omit<Diagnostic, 'code'> & { code: DiagnosticCode } {
  const meant = /^-?[ \t]*run:/.test(content);
  return {
    code: 'malformed_verify',
    severity: meant ? 'error' : 'warning',
    message: meant ? 'this is not a command to run' : 'this line of a <verify> block is ignored',
    hint: 'write "- run: `command`", the command in backticks, and below it "expect: exit 0"',
  };
}

/** `07` is task 7. */
function plain(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}

function indent(line: string): number {
  return line.length - line.trimStart().length;
}
