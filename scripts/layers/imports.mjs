import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { parseSync, Visitor } from 'rolldown/utils';

/**
 * An import of one file, types included: of another file of the tree, or of a package.
 *
 * @typedef {{ from: string } & ({ file: string, packageName?: undefined } | { packageName: string, file?: undefined })} Import
 */

/**
 * All that the TypeScript files of a folder are, and what they import. Files are named from the folder: `plan/index.ts`.
 *
 * @param {string} folder
 * @returns {{ files: string[], imports: Import[] }}
 */
export function readImports(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => /\.tsx?$/.test(file))
    .toSorted();
  const imports = files.flatMap((from) => {
    const named = specifiers(from, readFileSync(path.join(folder, from), 'utf8'));
    return named.map((specifier) => ({ from, ...target(files, from, specifier) }));
  });
  return { files, imports };
}

/** @returns {{ file: string } | { packageName: string }} */
function target(/** @type {readonly string[]} */ files, /** @type {string} */ from, /** @type {string} */ specifier) {
  if (specifier.startsWith('.')) {
    const file = path.posix.join(path.posix.dirname(from), specifier);
    const [plain, withMarkup] = [file.replace(/\.js$/, '.ts'), file.replace(/\.js$/, '.tsx')];
    return { file: files.includes(withMarkup) ? withMarkup : plain };
  }
  if (isBuiltin(specifier)) return { packageName: 'node' };
  return { packageName: specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/') };
}

/** What a file names in its imports, of every kind that TypeScript knows. */
function specifiers(/** @type {string} */ file, /** @type {string} */ text) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  /** @type {string[]} */
  const found = [];
  const add = (/** @type {any} */ node) => {
    if (node === null) return;
    // What a computed name imports cannot be read here, so there must be none.
    if (node.type !== 'Literal') throw new Error(`${file}: an import of what only shows when it runs`);
    found.push(node.value);
  };
  new Visitor({
    ImportDeclaration: (node) => add(node.source),
    ExportNamedDeclaration: (node) => add(node.source),
    ExportAllDeclaration: (node) => add(node.source),
    ImportExpression: (node) => add(node.source),
    TSImportType: (node) => add(node.source),
    TSExternalModuleReference: (node) => add(node.expression),
    CallExpression: ({ callee, arguments: [name] }) => {
      if (callee.type === 'Identifier' && callee.name === 'require') add(name);
    },
  }).visit(program);
  return found;
}
