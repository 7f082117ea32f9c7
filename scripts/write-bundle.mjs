import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What Node gives a module of CommonJS, and what bin/compiled.js gives a bundle besides. */
const GIVEN = 'exports,require,module,__filename,__dirname,orchHost';

/**
 * Writes a bundle for bin/compiled.js, which tells builds apart by what stands at the end of one.
 *
 * @param bundle of rolldown
 * @param finish what becomes of its code
 */
export async function writeBundle(file, bundle, finish) {
  // Names stay, for the stack traces in reports of bugs.
  const minify = { mangle: false, compress: false, codegen: { removeWhitespace: true } };
  const { output } = await bundle.generate({ format: 'cjs', codeSplitting: false, minify });
  const text = asFunction(asciiOnly(finish(output[0].code)));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${text}//${createHash('sha256').update(text).digest('hex').slice(0, 32)}\n`);
}

/** A module of CommonJS as the function that bin/compiled.js calls. */
export function asFunction(code) {
  return `(function(${GIVEN}){${code}\n})\n`;
}

/** V8 reads text of one byte a character faster than any other, and keeps half as much of it in memory. */
export function asciiOnly(code) {
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
