import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { OrchError } from '../../client/errors.js';
import { eventLines } from '../../records/event-file.js';
import { RECORD_FILES, jsonText, writeRecord } from '../../records/write-record.js';
import { EXIT, type CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { oneLine } from '../render/format.js';
import { findRecord, type FoundRecord } from '../record-source.js';
import { refuseOverwriting, writeOut } from '../write-out.js';

interface ExportFlags {
  out?: string;
  force?: boolean;
  json?: boolean;
  events?: boolean;
  junit?: boolean;
  html?: boolean;
}

const FORMATS = ['json', 'events', 'junit', 'html'] as const;

/** `orch export RUN`: the record of a run, as files or in one of the formats. */
export async function exportRun(context: CliContext, runId: string, flags: ExportFlags): Promise<number> {
  const formats = FORMATS.filter((format) => flags[format]);
  if (formats.length > 1) {
    throw new UsageError(`--${formats.join(' and --')} cannot be used together`, 'call `orch export` once for each');
  }
  const found = await findRecord(context, runId);
  const [format] = formats;
  if (format === undefined) await writeFiles(context, runId, found, flags);
  else await writeText(context, await render(format, found), flags);
  if (found.instead !== undefined) {
    context.note(`${oneLine(`${found.instead.message}; these are the contents of ${found.folder}`)}\n`);
  }
  return EXIT.succeeded;
}

async function render(format: (typeof FORMATS)[number], found: FoundRecord): Promise<string> {
  switch (format) {
    case 'json':
      return jsonText(found.manifest);
    case 'events':
      return eventLines(found.events);
    case 'junit':
      return (await import('../render/junit.js')).toJunit(found.manifest, await tailReader(found));
    case 'html':
      return (await import('../render/html/page.js')).toHtml(found.manifest, await tailReader(found));
    default:
      return format satisfies never;
  }
}

/** The files of a run belong to its worker while it is open. */
async function writeFiles(
  context: CliContext,
  runId: string,
  found: FoundRecord,
  { out, force }: ExportFlags,
): Promise<void> {
  const folder = out === undefined ? found.folder : path.resolve(context.cwd, out);
  if (out === undefined) {
    if (found.instead !== undefined) throw found.instead;
    if (found.open) {
      throw new OrchError('run_open', `The run '${runId}' has not ended; its worker keeps ${found.folder} up to date`, {
        hint: 'give --out DIR for a copy, or one of --json, --events, --junit and --html',
      });
    }
  } else {
    refuseOverwriting(
      Object.values(RECORD_FILES).map((file) => path.join(folder, file)),
      force,
    );
  }
  await writeRecord(folder, found);
  context.out(`${folder}\n`);
}

async function writeText(context: CliContext, text: string, { out, force }: ExportFlags): Promise<void> {
  if (out === undefined) {
    context.out(text);
    return;
  }
  const file = path.resolve(context.cwd, out);
  await mkdir(path.dirname(file), { recursive: true });
  await writeOut(file, text, force);
  context.out(`${file}\n`);
}

/** The ends of logs, from the folder of the run where they are still there. */
async function tailReader({ folder }: FoundRecord): Promise<(relative: string) => string> {
  const { readEnd } = await import('../../process/index.js');
  return (relative) => readEnd(path.join(folder, relative), 4096).tail;
}
