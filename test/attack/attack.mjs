// Attacks an embedded service of its own in every way that is known, and says of each whether it was refused.
//   node test/attack/attack.mjs [--only TEXT] [--keep]
// Each file in attacks/ exports `attacks`, a list of {name, run}: `run(rig)` resolves to nothing where the attack was
// refused, to a text that says what it brought about where it succeeded, and to `rig.skip(why)` where it could not be tried
// on this machine. The name goes on after the word "refused". What an attack starts or breaks is its own to end and mend.
// Neighbours with `together` run at the same time: they wait for most of theirs, and none of them holds up the service.
// Exits 1 where one succeeds, or throws: an attack that cannot be carried out proves nothing.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AttackRig, Skipped } from './rig.mjs';

const { values: options } = parseArgs({
  options: {
    /** Only attacks whose names hold this text. */
    only: { type: 'string', default: '' },
    /** Leaves all files where they are. */
    keep: { type: 'boolean', default: false },
  },
});

const MOST_TOGETHER = 5;
const FOLDER = new URL('./attacks/', import.meta.url);
const rig = new AttackRig();
const counts = { refused: 0, SUCCEEDED: 0, BROKEN: 0, skipped: 0 };
try {
  await rig.open();
  const wanted = (await allAttacks()).filter(({ name }) => name.includes(options.only));
  while (wanted.length > 0) {
    const others = wanted.findIndex(({ together }) => together !== true);
    const many = others < 0 ? wanted.length : others;
    await Promise.all(wanted.splice(0, Math.min(MOST_TOGETHER, many) || 1).map(({ name, run }) => attack(name, run)));
  }
} finally {
  await rig.close(options.keep);
}
say(`${counts.refused} refused, ${counts.SUCCEEDED} succeeded, ${counts.BROKEN} broken, ${counts.skipped} skipped`);
process.exitCode = counts.SUCCEEDED + counts.BROKEN > 0 || counts.refused === 0 ? 1 : 0;

async function allAttacks() {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.mjs'));
  const modules = await Promise.all(files.sort().map((file) => import(new URL(file, FOLDER).href)));
  return modules.flatMap((module) => module.attacks);
}

async function attack(name, run) {
  const [verdict, why] = await outcomeOf(run);
  counts[verdict] += 1;
  say(`${verdict.padEnd(9)}  ${name}${why === undefined ? '' : `: ${why}`}`);
}

async function outcomeOf(run) {
  try {
    const found = await run(rig);
    if (found instanceof Skipped) return ['skipped', found.why];
    return found === undefined ? ['refused'] : ['SUCCEEDED', found];
  } catch (error) {
    return ['BROKEN', error.stack];
  }
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
