// Not a module of ECMAScript, for Node takes a tenth of a command's time to get ready for these.
'use strict';
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const v8 = require('node:v8');
const vm = require('node:vm');

/** The command in one script, as scripts/bundle-command.mjs writes it. */
const FILE = path.join(__dirname, '..', 'dist', 'bin', 'orch.cjs');

/** What V8 made of the script when it was built. Another version of Node would refuse it. */
const CODE_CACHE = `${FILE}.${process.version}.cache`;

// A command makes some 20 MB of objects and ends. V8 begins with room for one, and looks through it each time it is full;
// so the room is to grow at once to what it may be at most. The code cache is good for the same flags only.
v8.setFlagsFromString('--semi-space-growth-factor=16');

/** Loads the command. What it exports is `src/cli/main.ts`. Tests of upgrades load older builds by this, too. */
function loadCommand() {
  const built = readIfThere(CODE_CACHE);
  const { script, command } = compileCommand(built ?? readIfThere(ownCache()));
  // Node's own cache of what it has compiled, from 22 on, saves less than half as much.
  if (built === undefined && script.cachedDataRejected !== false) process.once('exit', () => keep(script));
  return { command };
}

/** Compiles the command, and runs it for what it exports. */
function compileCommand(cachedData) {
  const code = readFileSync(FILE, 'latin1'); // ASCII, and so the fastest to read
  const script = new vm.Script(
    `(function (exports, require, module, __filename, __dirname, importModule) {${code}\n})`,
    { filename: FILE, cachedData },
  );
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(FILE), module, FILE, path.dirname(FILE), importModule);
  return { script, command: module.exports };
}

/** Keeps what was compiled by now, where another version of Node than this one has built the command. */
function keep(script) {
  const file = ownCache();
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(draft, script.createCachedData(), { mode: 0o600 });
    renameSync(draft, file);
    dropOthers(file);
  } catch {
    // The next command compiles it anew, too.
  }
}

/** Removes what was kept of earlier builds in this place, for the same version of Node. */
function dropOthers(file) {
  const folder = path.dirname(file);
  const kept = path.basename(file);
  const place = kept.slice(0, kept.lastIndexOf('-') + 1);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(place) && name !== kept) rmSync(path.join(folder, name), { force: true });
  }
}

/** V8 tells a script from another one by its length alone, so the name tells builds apart. */
function ownCache() {
  const { size, mtimeMs } = statSync(FILE);
  const place = createHash('sha256').update(FILE).digest('hex').slice(0, 12);
  const build = `${size.toString(36)}${Math.round(mtimeMs).toString(36)}`;
  return path.join(cacheDir(process.env), 'compiled', `${process.version}-${place}-${build}`);
}

/** A script that comes from a code cache cannot import by itself; scripts/bundle-command.mjs makes it call this. */
function importModule(specifier) {
  return import(specifier.startsWith('.') ? new URL(specifier, pathToFileURL(FILE)).href : specifier);
}

/** As src/records/paths.ts has it, which is not loaded yet. */
function cacheDir({ ORCH_CACHE_DIR: own, XDG_CACHE_HOME: xdg = '', HOME: home }) {
  if (own) return path.resolve(own);
  return path.join(path.isAbsolute(xdg) ? xdg : path.join(home || os.homedir(), '.cache'), 'orch');
}

function readIfThere(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

exports.CODE_CACHE = CODE_CACHE;
exports.compileCommand = compileCommand;
exports.loadCommand = loadCommand;
