// Keeps this checkout's build, for the test of upgrades: runs that it begins are gone on with by the code of later days.
// From a clean checkout of the commit: npm run build && node scripts/keep-build.mjs
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { minify } from 'rolldown/experimental';

const root = path.resolve(process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '..'));
const commit = execFileSync('git', ['rev-parse', '--short=7', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const builds = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'test', 'histories', 'builds');
const file = path.join(builds, `${commit}.tar.br`);
if (existsSync(file)) throw new Error(`${file} is there already`);

const copy = mkdtempSync(path.join(tmpdir(), 'orch-build-'));
for (const name of ['bin', 'dist', 'package.json'])
  cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
for (const name of readdirSync(path.join(copy, 'dist'), { recursive: true, encoding: 'utf8' })) {
  const path_ = path.join(copy, 'dist', name);
  if (/\.(d\.ts|cache|map)$/.test(name)) rmSync(path_);
  else if (/\.c?js$/.test(name)) writeFileSync(path_, await small(name, readFileSync(path_, 'utf8')));
}
const tar = execFileSync(
  'tar',
  ['--sort=name', '--owner=0', '--group=0', '--mtime=@0', '-C', copy, '-c', 'bin', 'dist', 'package.json'],
  {
    maxBuffer: 256 * 1024 * 1024,
  },
);
rmSync(copy, { recursive: true });
mkdirSync(builds, { recursive: true });
const params = { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: tar.length };
writeFileSync(file, brotliCompressSync(tar, { params }));
console.log(`${path.relative(process.cwd(), file)}: ${Math.round(readFileSync(file).length / 1024)} KiB`);

/** Without comments, blanks and source maps. Names stay: some stand in histories. */
async function small(name, text) {
  const [code, map] = text.split('\n//# sourceMappingURL=data:');
  const module = name.endsWith('.cjs') ? 'script.cjs' : 'module.js';
  const { code: shorter, errors } = await minify(module, code.replaceAll(root, '/orch'), {
    mangle: false,
    compress: false,
    codegen: { removeWhitespace: true },
  });
  if (errors.length > 0) return text;
  if (map === undefined) return shorter;
  const none = Buffer.from('{"version":3,"file":"workflow-bundle.cjs","sources":[],"names":[],"mappings":""}');
  return `${shorter}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${none.toString('base64')}\n`; // the SDK wants one
}
