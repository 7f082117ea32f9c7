// Keeps the workflow code of this checkout's build, for the test of upgrades: runs that it begins are gone on with by the
// code of later days. From a clean checkout of the commit: npm run build && node scripts/keep-workflow-bundle.mjs
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { minify } from 'rolldown/experimental';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const commit = execFileSync('git', ['rev-parse', '--short=7', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
const file = path.join(root, 'test', 'histories', 'builds', `${commit}.workflow-bundle.cjs.gz`);
if (existsSync(file)) throw new Error(`${file} is there already`);

// Without its source map, comments and blanks it is a twentieth as large. Names stay: some stand in histories.
const [code] = readFileSync(path.join(root, 'dist', 'workflow-bundle.cjs'), 'utf8').split('\n//# sourceMappingURL=');
const small = await minify('workflow-bundle.cjs', code.replaceAll(root, '/orch'), {
  mangle: false,
  compress: false,
  codegen: { removeWhitespace: true },
});
if (small.errors.length > 0) throw new Error(small.errors.map(String).join('\n'));
const map = Buffer.from('{"version":3,"file":"workflow-bundle.cjs","sources":[],"names":[],"mappings":""}').toString(
  'base64',
); // the SDK wants one
const kept = `${small.code}\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${map}\n`;
mkdirSync(path.dirname(file), { recursive: true });
writeFileSync(file, gzipSync(kept, { level: 9 }));
console.log(`${path.relative(root, file)}: ${Math.round(readFileSync(file).length / 1024)} KiB`);
