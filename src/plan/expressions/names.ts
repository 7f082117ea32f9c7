import { didYouMean } from '../problems/suggest.js';
import { problem, type ExpressionProblem } from './problem.js';
import { member, RUN_PROPERTIES, STEP_PROPERTIES, type Link, type Read } from './reads.js';

/** What a chain that begins with one of the roots means: a read of its first `length` links, or a mistake. */
export type NamedRead = { read: Read; length: number } | { problem: ExpressionProblem };

type ReadRoot = 'prev' | 'env' | 'inputs' | 'run';

/** True for the roots that are no value by themselves. */
export function isReadRoot(name: string): name is ReadRoot {
  return name === 'prev' || name === 'env' || name === 'inputs' || name === 'run';
}

/** Finds what `root.a.b…` reads. `offset` is where the root stands, `text` the whole expression. */
export function nameRead(root: ReadRoot, links: readonly Link[], offset: number, text: string): NamedRead {
  if (root === 'prev') return namePrev(links, offset, text);
  const [link] = links;
  if (link === undefined) return mistake(`${root} is not a value by itself`, offset, `write ${EXAMPLES[root]}`);
  const name = link.key;
  if (name === undefined)
    return { problem: problem('computed_name', `the name in ${root}[…] must be a literal`, indexOffset(link)) };
  if (root !== 'run') return { read: { root, name, offset }, length: 1 };
  const known = RUN_PROPERTIES.find((property) => property === name);
  if (known === undefined) return unknownProperty('run', name, RUN_PROPERTIES, keyOffset(link));
  return { read: { root, name: known, offset }, length: 1 };
}

const EXAMPLES: Readonly<Record<ReadRoot, string>> = {
  prev: 'prev.<step>.status',
  env: 'env.NAME',
  inputs: 'inputs.<name>',
  run: 'run.id or run.attempt',
};

function namePrev(links: readonly Link[], offset: number, text: string): NamedRead {
  const [stepLink, propertyLink, outputLink] = links;
  if (stepLink === undefined) return mistake('prev is not a value by itself', offset, `write ${EXAMPLES.prev}`);
  const step = stepLink.key;
  if (step === undefined) {
    const message = 'the step in prev[…] must be a literal: dependencies are known before the run starts';
    return { problem: problem('computed_step', message, indexOffset(stepLink)) };
  }
  const said = `prev${member(step)}`;
  if (propertyLink === undefined)
    return mistake(`${said} is not a value by itself`, offset, incompleteStepHint(said, step, stepLink, text));
  if (propertyLink.key === undefined) {
    return {
      problem: problem('computed_name', `the name in ${said}[…] must be a literal`, indexOffset(propertyLink)),
    };
  }
  const property = STEP_PROPERTIES.find((candidate) => candidate === propertyLink.key);
  if (property === undefined) return unknownProperty(said, propertyLink.key, STEP_PROPERTIES, keyOffset(propertyLink));
  if (property !== 'outputs') return { read: { root: 'prev', step, property, offset }, length: 2 };
  if (outputLink === undefined)
    return mistake(`${said}.outputs is not a value by itself`, offset, `write ${said}.outputs.<name>`);
  if (outputLink.key === undefined) {
    return {
      problem: problem('computed_name', `the name in ${said}.outputs[…] must be a literal`, indexOffset(outputLink)),
    };
  }
  return { read: { root: 'prev', step, property, output: outputLink.key, offset }, length: 3 };
}

/** `prev.kebab-id.status` is read as a subtraction; the one who wrote it did not mean one. */
function incompleteStepHint(said: string, step: string, link: Link, text: string): string {
  const rest = /^-[A-Za-z0-9_-]*[A-Za-z0-9_]/.exec(text.slice(link.node.end))?.[0];
  if (rest !== undefined) return `an id with a dash is written prev['${step}${rest}']`;
  return `read one of its ${STEP_PROPERTIES.join(', ')}, such as ${said}.status`;
}

function mistake(message: string, offset: number, hint: string): NamedRead {
  return { problem: problem('unknown_property', message, offset, hint) };
}

function unknownProperty(owner: string, name: string, known: readonly string[], offset: number): NamedRead {
  const hint = didYouMean(name, known) ?? `it has ${known.join(', ')}`;
  return { problem: problem('unknown_property', `${owner} has no '${name}'`, offset, hint) };
}

function indexOffset(link: Link): number {
  return link.index?.start ?? link.node.start;
}

/** The library's `pos` of a `.name` is the name, of a bracket the start of the chain. */
function keyOffset(link: Link): number {
  return link.index?.start ?? link.node.pos;
}
