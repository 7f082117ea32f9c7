// Runs a bundle with what V8 has compiled of it before: finding out what functions say takes longer than most of them do.
'use strict';
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const vm = require('node:vm');

/** By then a process that stays has compiled what it needs to begin. Milliseconds. */
const KEEP_AFTER_MS = 10_000;
/** A month. Milliseconds. */
const OLD_MS = 30 * 24 * 60 * 60 * 1000;
/** At least as much as tells one bundle from another. */
const END_BYTES = 64;

/** Runs a bundle in a process that stays, by what was kept of it; see {@link runBundle}. */
function runToStay(file, host) {
  const kept = keptFile(file);
  const { script } = runBundle(file, readIfThere(kept), host);
  if (script.cachedDataRejected !== false) setTimeout(() => keepCompiled(kept, script), KEEP_AFTER_MS).unref();
}

/**
 * Runs a bundle for what it exports.
 *
 * @param file a script in ASCII that is a function, as scripts/write-bundle.mjs writes it: to put one around some megabytes
 * of text here would copy them
 * @param cachedData what V8 has compiled of it, if anything is kept
 * @param host what the bundle calls `orchHost`, for what it cannot do itself
 * @returns the script, which says whether the cache was good, and what it exports
 */
function runBundle(file, cachedData, host) {
  const code = fs.readFileSync(file, 'latin1'); // the fastest to read
  const script = new vm.Script(code, { filename: file, cachedData });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, createRequire(file), module, file, path.dirname(file), host);
  return { script, exported: module.exports };
}

/**
 * Keeps what V8 has compiled of a bundle by now, and removes what nobody needs any more.
 *
 * @param kept its {@link keptFile} of when it was run: another build may be there by now
 */
function keepCompiled(kept, script) {
  const draft = `${kept}.${process.pid}`;
  try {
    fs.mkdirSync(path.dirname(kept), { recursive: true });
    // V8 does not look whether all of it has arrived on the disk, so it is to have.
    fs.writeFileSync(draft, script.createCachedData(), { mode: 0o600, flush: true });
    fs.renameSync(draft, kept);
    dropOthers(kept);
  } catch {
    // Whoever runs it next compiles it anew, too.
  }
}

/** Those of earlier builds in this place; and what is old, for whoever kept it may be gone. Whoever is not keeps it anew. */
function dropOthers(kept) {
  const folder = path.dirname(kept);
  const name = path.basename(kept);
  const place = name.slice(0, name.lastIndexOf('-') + 1);
  for (const each of fs.readdirSync(folder)) {
    if (each === name) continue;
    const file = path.join(folder, each);
    if (each.startsWith(place) || Date.now() - fs.statSync(file).mtimeMs > OLD_MS) fs.rmSync(file, { force: true });
  }
}

/**
 * Where {@link keepCompiled} keeps what this version of Node has compiled of a bundle.
 *
 * V8 tells a script from another one by its length alone, so the name tells builds apart: by the end of a bundle, which
 * scripts/write-bundle.mjs makes of all of it. Packages have no times of their own.
 */
function keptFile(file) {
  const [place, build] = [file, endOf(file)].map((said) =>
    createHash('sha256').update(said).digest('hex').slice(0, 12),
  );
  return path.join(cacheDir(process.env), 'compiled', `${process.version}-${place}-${build}`);
}

function endOf(file) {
  const end = Buffer.alloc(END_BYTES);
  const opened = fs.openSync(file);
  try {
    const { size } = fs.fstatSync(opened);
    fs.readSync(opened, end, 0, END_BYTES, Math.max(0, size - END_BYTES));
  } finally {
    fs.closeSync(opened);
  }
  return end;
}

/** As src/records/paths.ts has it, which is not loaded yet. */
function cacheDir({ ORCH_CACHE_DIR: own, XDG_CACHE_HOME: xdg = '', HOME: home }) {
  if (own) return path.resolve(own);
  return path.join(path.isAbsolute(xdg) ? xdg : path.join(home || os.homedir(), '.cache'), 'orch');
}

function readIfThere(file) {
  try {
    return fs.readFileSync(file);
  } catch {
    return undefined;
  }
}

exports.keepCompiled = keepCompiled;
exports.keptFile = keptFile;
exports.readIfThere = readIfThere;
exports.runBundle = runBundle;
exports.runToStay = runToStay;
