/** @typedef {import('./rooms.mjs').Room} Room */

/** The documents that show the rooms, and what is between their markers `<!-- layers: NAME -->` and `<!-- /layers -->`. */
export const DOCUMENTS = ['docs/ARCHITECTURE.md', 'CONTRIBUTING.md'];

const PART = /(<!-- layers: (\w+) -->\n)[^]*?(<!-- \/layers -->)/g;

/**
 * A document with the tables and the picture that the rooms come to.
 *
 * @param {string} text
 * @param {readonly Room[]} rooms
 * @returns {string}
 */
export function withLayers(text, rooms) {
  const folders = foldersOf(rooms);
  /** @type {Record<string, () => string>} */
  const parts = {
    rooms: () => table('room', rooms),
    folders: () => table('folder', folders),
    picture: () => picture(folders),
  };
  return text.replaceAll(PART, (_all, begin, name, end) => `${begin}\n${parts[name]?.()}\n\n${end}`);
}

/** @returns {string} */
function table(/** @type {string} */ what, /** @type {readonly Room[]} */ rooms) {
  const rows = rooms.map(({ name, owns, rooms: others, packages }) => {
    const all = [...grouped(others), ...packages.map((each) => `\`${each}\``)];
    return `| src/${name} | ${owns} | ${all.join(', ')} |`;
  });
  return [`| ${what} | owns | may import |`, '|---|---|---|', ...rows].join('\n');
}

/** Rooms of one folder as one word: `plan/{model, graph}`. @returns {string[]} */
function grouped(/** @type {readonly string[]} */ names) {
  /** @type {Map<string, string[]>} */
  const inside = new Map();
  for (const name of names) {
    const [folder = name, room] = name.split('/');
    inside.set(folder, [...(inside.get(folder) ?? []), ...(room === undefined ? [] : [room])]);
  }
  return [...inside].flatMap(([folder, rooms]) => {
    const whole = names.includes(folder) ? [folder] : [];
    if (rooms.length === 0) return whole;
    return [...whole, `${folder}/${rooms.length === 1 ? rooms[0] : `{${rooms.join(', ')}}`}`];
  });
}

/** The folders, each with all that its rooms may import of others. @returns {Room[]} */
function foldersOf(/** @type {readonly Room[]} */ rooms) {
  const folders = [...new Set(rooms.map(({ name }) => folderOf(name)))];
  return folders.map((name) => {
    const own = rooms.filter((each) => folderOf(each.name) === name);
    const used = new Set(own.flatMap((each) => each.rooms.map(folderOf)));
    const packages = new Set(own.flatMap((each) => each.packages));
    return {
      name,
      owns: rooms.find((each) => each.name === name)?.owns ?? '',
      rooms: folders.filter((each) => each !== name && used.has(each)),
      packages: [...packages].toSorted(),
    };
  });
}

/** @returns {string} */
function folderOf(/** @type {string} */ room) {
  return room.split('/', 1).join('');
}

/** The folders as a graph, without the arrows that go the way of others. @returns {string} */
function picture(/** @type {readonly Room[]} */ folders) {
  const reach = new Map();
  const lines = folders.flatMap(({ name, rooms }) => {
    const further = new Set(rooms.flatMap((each) => [...reach.get(each)]));
    reach.set(name, new Set([...rooms, ...further]));
    const nearest = rooms.filter((each) => !further.has(each)).map((each) => `  ${name} --> ${each}`);
    return nearest.length > 0 ? nearest : [`  ${name}`];
  });
  return ['```mermaid', 'flowchart TD', ...lines.toReversed(), '```'].join('\n');
}
