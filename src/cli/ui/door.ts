import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { replaceFile } from '../../host/atomic-file.js';
import { makePrivateDir, stateDir, type Env } from '../../records/paths.js';
import { escapeHtml } from '../render/html/escape.js';

/**
 * Writes a file that only this user can read, and that leads a browser to an address with a secret in it.
 *
 * @returns its own address, which is no secret
 */
export async function writeDoor(env: Env | NodeJS.ProcessEnv, url: string): Promise<{ file: string; address: string }> {
  const folder = stateDir(env);
  makePrivateDir(folder);
  const file = path.join(folder, `ui-${process.pid}.html`);
  const target = escapeHtml(url);
  await replaceFile(
    file,
    `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>orch</title>` +
      `<meta http-equiv="refresh" content="0;url=${target}"><a href="${target}">orch</a></html>\n`,
  );
  return { file, address: pathToFileURL(file).href };
}
