import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';

/** The command in one script, as scripts/bundle-command.mjs writes it. */
const FILE = fileURLToPath(new URL('../dist/bin/orch.cjs', import.meta.url));

/** What V8 made of the script when it was built. Another version of Node refuses it, and compiles the script anew. */
export const CODE_CACHE = `${FILE}.cache`;

/** Compiles the command. What it exports is `src/cli/main.ts`. */
export function loadCommand() {
  const code = readFileSync(FILE, 'latin1'); // ASCII, and so the fastest to read
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname, importModule) {${code}\n})`,
    {
      filename: FILE,
      cachedData: readIfThere(CODE_CACHE),
    },
  );
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(FILE), module, FILE, path.dirname(FILE), importModule);
  return { script, command: module.exports };
}

/** A script that comes from a code cache cannot import by itself; scripts/bundle-command.mjs makes it call this. */
function importModule(specifier) {
  return import(specifier.startsWith('.') ? new URL(specifier, pathToFileURL(FILE)).href : specifier);
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
