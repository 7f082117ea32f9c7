// Not a module of ECMAScript, for Node takes a tenth of a command's time to get ready for these.
'use strict';
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const v8 = require('node:v8');
const vm = require('node:vm');

/** The command in one script, as scripts/bundle-command.mjs writes it. */
const FILE = path.join(__dirname, '..', 'dist', 'bin', 'orch.cjs');

/** What V8 made of the script when it was built. Another version of Node refuses it, and compiles the script anew. */
const CODE_CACHE = `${FILE}.cache`;

// A command makes some 20 MB of objects and ends. V8 begins with room for one, and looks through it each time it is full;
// so the room is to grow at once to what it may be at most. The code cache is good for the same flags only.
v8.setFlagsFromString('--semi-space-growth-factor=16');

/** Compiles the command. What it exports is `src/cli/main.ts`. */
function loadCommand() {
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

exports.CODE_CACHE = CODE_CACHE;
exports.loadCommand = loadCommand;
