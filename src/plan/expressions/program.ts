import type { ASTNode, ParseResult } from '@marcbachmann/cel-js';
import { environmentWith } from './library.js';
import { installMeter, type Meter } from './meter.js';
import { readKey, type Read, type ReadSite } from './reads.js';
import { unreachable } from '../../basics/unreachable.js';

/** Types of CEL by the name of an input; one that is left out may be anything. */
export type InputTypes = Readonly<Record<string, string>>;

/** What stands for a read in the compiled program. */
export interface Variable {
  name: string;
  read: Read;
  presence: boolean;
}

/** An expression whose reads are variables: the only names that it still has. */
export interface Program {
  run: ParseResult;
  variables: readonly Variable[];
  meter: Meter;
  /** The result's type as CEL names it, `dyn` where it is known at run time only. */
  type: string;
}

/**
 * Compiles an expression whose names are known to be right. Every read, such as `prev['a-b'].outputs.x`, becomes a
 * variable of its own: the program is given those values and nothing round them, and they can have types. Variables
 * are padded to the length of what they stand for, so that offsets stay.
 *
 * @throws what the library throws for an expression whose types do not fit
 */
export function compileProgram(
  text: string,
  sites: readonly ReadSite[],
  bound: ReadonlySet<string>,
  inputTypes: InputTypes = {},
): Program {
  const variables = new Map<string, Variable>();
  let rewritten = '';
  let at = 0;
  let taken = 0;
  for (const site of sites.toSorted((a, b) => a.start - b.start)) {
    const key = `${site.presence}${readKey(site.read)}`;
    let variable = variables.get(key);
    if (variable === undefined) {
      while (bound.has(`v${taken}`)) taken += 1;
      variable = { name: `v${taken}`, read: site.read, presence: site.presence };
      variables.set(key, variable);
      taken += 1;
    }
    rewritten += text.slice(at, site.start) + variable.name.padEnd(site.end - site.start);
    at = site.end;
  }
  return compileRewritten(rewritten + text.slice(at), [...variables.values()], inputTypes);
}

function compileRewritten(text: string, variables: readonly Variable[], inputTypes: InputTypes): Program {
  const environment = environmentWith(
    variables.map(({ name, read, presence }) => ({ name, type: presence ? 'bool' : typeOf(read, inputTypes) })),
  );
  const run = environment.parse(text);
  const checked = run.check();
  if (!checked.valid) throw checked.error!;
  const root: ASTNode = run.ast;
  return { run, variables, meter: installMeter(root), type: checked.type! };
}

function typeOf(read: Read, inputTypes: InputTypes): string {
  switch (read.root) {
    case 'prev':
      return { status: 'string', attempts: 'int', exit_code: 'dyn', duration_sec: 'dyn', outputs: 'dyn' }[
        read.property
      ];
    case 'env':
      return 'string';
    case 'run':
      return read.name === 'id' ? 'string' : 'int';
    case 'index':
      return 'int';
    case 'inputs':
      return Object.hasOwn(inputTypes, read.name) ? inputTypes[read.name]! : 'dyn';
    case 'item':
      return 'dyn';
    default:
      return unreachable(read);
  }
}
