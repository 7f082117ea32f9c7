// Not a module of ECMAScript, for Node takes a tenth of a command's time to get ready for these.
'use strict';
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const v8 = require('node:v8');
const { keepCompiled, keptFile, readIfThere, runBundle } = require('./compiled.js');

/** The command in one script, as scripts/bundle-command.mjs writes it. */
const FILE = path.join(__dirname, '..', 'dist', 'bin', 'orch.cjs');

/** What V8 made of the script when it was built, by a few commands. Another version of Node would refuse it. */
const CODE_CACHE = `${FILE}.${process.version}.cache`;

// A command makes some 20 MB of objects and ends. V8 begins with room for one, and looks through it each time it is full;
// so the room is to grow at once to what it may be at most. The code cache is good for the same flags only.
v8.setFlagsFromString('--semi-space-growth-factor=16');

/**
 * Loads the command. What it exports is `src/cli/main.ts`. Tests of upgrades load older builds by this, too.
 *
 * What was compiled when it was built is good for one version of Node, and is not all that a run needs, for there is no
 * service then. So what V8 has compiled by the end of a user's first run is kept, and of the first command of all where
 * nothing was built for this Node. Node's own cache, from 22 on, saves less than half as much.
 */
function loadCommand() {
  const kept = keptFile(FILE);
  const afterRun = `${kept}.run`;
  const own = readIfThere(afterRun);
  const { script, command } = compileCommand(own ?? readIfThere(kept) ?? readIfThere(CODE_CACHE));
  process.once('exit', (code) => {
    if (own === undefined && code === 0 && isRun(process.argv)) keepCompiled(afterRun, script);
    else if (script.cachedDataRejected !== false) keepCompiled(own === undefined ? kept : afterRun, script);
  });
  return { command };
}

function isRun([, , name, ...rest]) {
  return name === 'run' && !rest.includes('--help') && !rest.includes('-h');
}

/** Compiles the command, and runs it for what it exports. */
function compileCommand(cachedData) {
  const { script, exported } = runBundle(FILE, cachedData, { importModule, loadLater });
  return { script, command: exported };
}

/** A script that comes from a code cache cannot import by itself; scripts/bundle-command.mjs makes it call this. */
function importModule(specifier) {
  return import(specifier.startsWith('.') ? new URL(specifier, pathToFileURL(FILE)).href : specifier);
}

/** A module of Node that is loaded by whoever first looks into it. */
function loadLater(name) {
  let loaded;
  const load = () => (loaded ??= require(name));
  return new Proxy(
    {},
    {
      get: (_, key) => load()[key],
      has: (_, key) => key in load(),
      ownKeys: () => Reflect.ownKeys(load()),
      getOwnPropertyDescriptor: (_, key) => {
        const found = Reflect.getOwnPropertyDescriptor(load(), key);
        return found && { ...found, configurable: true }; // a proxy may not say that its target has what it has not
      },
    },
  );
}

exports.CODE_CACHE = CODE_CACHE;
exports.FILE = FILE;
exports.compileCommand = compileCommand;
exports.loadCommand = loadCommand;
