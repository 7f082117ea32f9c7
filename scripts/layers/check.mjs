import { readImports } from './imports.mjs';

/** @typedef {import('./rooms.mjs').Room} Room */

/**
 * What is wrong with a tree by its table of rooms, and with the table by the tree: an import that is not allowed, one that
 * is allowed and that nobody needs, a circle of files, a file without a room. A line each, none where all is well.
 *
 * @param {string} folder
 * @param {readonly Room[]} rooms
 * @returns {string[]}
 */
export function checkLayers(folder, rooms) {
  const { files, imports } = readImports(folder);
  const nameOf = (/** @type {string} */ file) => roomOf(rooms, file)?.name;
  const ground = new Set(rooms.filter(({ everywhere }) => everywhere).map(({ name }) => name));
  /** @type {string[]} */
  const faults = [];
  const used = new Set();
  for (const file of files) if (nameOf(file) === undefined) faults.push(`${file} is in no room`);
  for (const { from, file, packageName } of imports) {
    if (file !== undefined && !files.includes(file)) {
      faults.push(`${from} imports ${file}, which is not there`);
      continue;
    }
    const own = roomOf(rooms, from);
    const to = file === undefined ? packageName : nameOf(file);
    if (own === undefined || to === undefined || (file !== undefined && (to === own.name || ground.has(to)))) continue;
    used.add(arrow(own.name, to));
    const allowed = file === undefined ? own.packages : own.rooms;
    if (!allowed.includes(to)) faults.push(`${from} imports ${file ?? to}: ${own.name} may not import ${to}`);
  }
  return [...faults, ...faultsOfTable(rooms, used), ...circles(files, imports)];
}

/**
 * The room of the nearest folder above a file.
 *
 * @param {readonly Room[]} rooms
 * @param {string} file
 * @returns {Room | undefined}
 */
function roomOf(rooms, file) {
  const above = rooms.filter(({ name }) => file.startsWith(`${name}/`));
  return above.toSorted((a, b) => b.name.length - a.name.length)[0];
}

/** @returns {string[]} */
function faultsOfTable(/** @type {readonly Room[]} */ rooms, /** @type {Set<string>} */ used) {
  const before = new Set();
  const folders = rooms.map(({ name }) => name.split('/', 1)[0]);
  const apart = folders.filter((folder, i) => folder !== folders[i - 1] && folders.indexOf(folder) < i);
  const torn = apart.map((folder) => `${folder}: its rooms do not stand together`);
  const ofRooms = rooms.flatMap(({ name, rooms: others, packages }) => {
    const upwards = others.filter((other) => !before.has(other));
    before.add(name);
    const idle = [...others, ...packages].filter((each) => !used.has(arrow(name, each)));
    return [
      ...upwards.map((other) => `${name} may import ${other}, which does not stand before it`),
      ...idle.map((each) => `${name} may import ${each}, and does not`),
    ];
  });
  return [...torn, ...ofRooms];
}

function arrow(/** @type {string} */ from, /** @type {string} */ to) {
  return `${from} ${to}`;
}

/**
 * Circles of files; of some that share files, one. A walk that does not call itself: chains of imports are long.
 *
 * @param {readonly string[]} files
 * @param {readonly import('./imports.mjs').Import[]} imports
 * @returns {string[]}
 */
function circles(files, imports) {
  const next = new Map(files.map((file) => [file, /** @type {string[]} */ ([])]));
  for (const { from, file } of imports) if (file !== undefined) next.get(from)?.push(file);
  const left = new Set();
  /** @type {string[]} */
  const found = [];
  for (const start of files) {
    const way = left.has(start) ? [] : [{ file: start, others: [...(next.get(start) ?? [])] }];
    while (way.length > 0) {
      const { file, others } = /** @type {{ file: string, others: string[] }} */ (way.at(-1));
      const other = others.shift();
      if (other === undefined) {
        left.add(file);
        way.pop();
        continue;
      }
      const at = way.findIndex((each) => each.file === other);
      if (at >= 0) found.push(`a circle: ${[...way.slice(at).map((each) => each.file), other].join(' → ')}`);
      else if (!left.has(other)) way.push({ file: other, others: [...(next.get(other) ?? [])] });
    }
  }
  return found;
}
