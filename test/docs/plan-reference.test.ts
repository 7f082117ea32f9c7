import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPlanText, planJsonSchema } from '../../src/plan/index.js';
import { anchorOf, exampleNameOf, NOTES, planReference, referenceKeys } from '../../src/plan-reference/index.js';
import { REPO } from '../support/cli.js';
import { tempDir } from '../support/plans.js';
import { EXAMPLES_DIR, readExamples, runExample, startServer, type Ending } from './examples.js';

const examples = readExamples();
const texts = new Map([...examples].map(([name, { text }]) => [name, text]));
const template = readFileSync(path.join(EXAMPLES_DIR, 'template.md'), 'utf8');
const page = readFileSync(path.join(REPO, 'docs/plan-reference.md'), 'utf8');
const headings = [...page.matchAll(/^#{2,4} (.+)$/gm)].map((match) => match[1]!);
const keys = referenceKeys();

const defaultOf = (name: string) => keys.find((key) => key.name === name)?.default ?? NOTES[name]?.default;
const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

describe('docs/plan-reference.md', () => {
  it('is what schema, notes and examples say (npm run schemas)', () => {
    expect(page).toBe(planReference(template, texts));
  });

  it('has a section for every key of the schema', () => {
    expect(schemaKeys().filter((name) => !headings.includes(`\`${name}\``))).toEqual([]);
  });

  it('has no note and no example of a key that is not there', () => {
    const known = new Set(keys.map((key) => key.name));
    const chapters = [...template.matchAll(/<!-- example: (\S+) -->/g)].map((match) => match[1]!);
    expect(Object.keys(NOTES).filter((name) => !known.has(name))).toEqual([]);
    expect([...examples.keys()].filter((name) => !known.has(name) && !chapters.includes(name))).toEqual([]);
    expect(keys.map((key) => key.name).filter((name) => NOTES[name] === undefined)).toEqual([]);
  });

  it('links to headings that are there, each of them once', () => {
    const anchors = headings.map(anchorOf);
    expect(anchors.filter((anchor, index) => anchors.indexOf(anchor) !== index)).toEqual([]);
    const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map((match) => match[1]!);
    expect(links.filter((link) => !anchors.includes(link))).toEqual([]);
  });

  it('says the defaults that a plan gets', () => {
    const plan = load('plan_id: a\nversion: "1.0"\nsteps:\n  - {id: a, command: b}\n');
    const { globals, steps } = plan;
    for (const name of ['max_concurrency', 'run_timeout_sec', 'finally_timeout_sec', 'max_lost'] as const) {
      expect(defaultOf(`globals.${name}`), name).toBe(asText(globals[name]));
    }
    expect(defaultOf('globals.default_timeout_sec')).toBe(asText(steps[0]!.timeout_sec));
    expect(defaultOf('globals.on_abort')).toBe(`\`${globals.on_abort}\``);
    for (const name of ['grace_sec', 'success_exit_codes'] as const) {
      expect(defaultOf(`step.${name}`), name).toBe(asText(steps[0]![name]));
    }
    for (const name of ['trigger_rule', 'on_failure', 'critical'] as const) {
      expect(defaultOf(`step.${name}`), name).toBe(`\`${asText(steps[0]![name])}\``);
    }
  });
});

describe('the examples of the reference', () => {
  it.each([...examples.values()])('$name is valid, without a warning', ({ text, name }) => {
    expect(loadPlanText(text, { file: `${name}.yaml`, strict: true })).toMatchObject({ ok: true });
  });

  it('show the key that they are an example of', () => {
    const unused = keys.filter(({ name }) => {
      const { source } = loaded(texts.get(exampleNameOf(name, texts))!);
      return !holds(source, name);
    });
    expect(unused.map((key) => key.name)).toEqual([]);
  });

  describe('end as they say', () => {
    const endings = new Map<string, Promise<Ending>>();
    let folder: string;
    let server: Awaited<ReturnType<typeof startServer>>;
    const ran = [...examples.values()].filter(({ needs }) => needs !== 'powershell' || hasPowershell());

    beforeAll(async () => {
      folder = tempDir();
      server = await startServer();
      const queue = [...ran];
      const lane = async (): Promise<void> => {
        for (let example = queue.shift(); example !== undefined; example = queue.shift()) {
          const ending = runExample(example, folder, server.origin);
          endings.set(example.name, ending);
          await ending.catch(() => undefined); // told by its own test
        }
      };
      await Promise.all(Array.from({ length: 4 }, lane));
    });
    afterAll(() => {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(ran)('$name', async ({ name, ends, steps, prints }) => {
      const { stderr, ...ending } = await endings.get(name)!;
      const exit = { succeeded: 0, failed: 1, canceled: 4 }[ends];
      expect(ending, stderr).toEqual({ exit, ends, steps: steps.toSorted(), prints });
    });
  });
});

/** Every key of the published schema, named as the reference names it; found without the reference's own search. */
function schemaKeys(): string[] {
  const names = new Set<string>();
  const schema = planJsonSchema() as { $defs: Record<string, unknown> };
  const walk = (node: unknown, name: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties, oneOf, ...rest } = node as { properties?: Record<string, unknown>; oneOf?: unknown[] };
    for (const [key, value] of Object.entries(properties ?? {})) {
      const inner = name === '' ? key : `${name}.${key}`;
      names.add(inner);
      walk(value, inner);
    }
    for (const kind of oneOf ?? []) {
      const { type, ...fields } = (kind as { properties: { type: { const: string } } }).properties;
      names.add(`step_def.${type.const}`);
      walk({ properties: fields }, `step_def.${type.const}`);
    }
    for (const value of Object.values(rest)) walk(value, name);
  };
  const { $defs, ...plan } = schema;
  walk(plan, '');
  walk($defs['step'], 'step');
  // An approval declares its inputs as a plan does.
  return [...names].filter((name) => !name.startsWith('step_def.approval.inputs.'));
}

function loaded(text: string) {
  const result = loadPlanText(text);
  if (!result.ok) throw new Error(JSON.stringify(result.error, null, 2));
  return result.value;
}

function load(text: string) {
  return loaded(text).plan;
}

/** Whether a plan as written has a key, named as the reference names it. */
function holds(source: unknown, name: string): boolean {
  const plan = source as { steps: Record<string, unknown>[]; finally?: Record<string, unknown>[] };
  const steps = [...plan.steps, ...(plan.finally ?? [])];
  const [first, ...rest] = name.split('.') as [string, ...string[]];
  if (first === 'inputs' && rest.length > 0) {
    const { inputs = {} } = source as { inputs?: Record<string, unknown> };
    return Object.values(inputs).some((input) => has(input, rest));
  }
  if (first === 'step') return steps.some((step) => has(step, rest));
  if (first !== 'step_def') return has(source, [first, ...rest]);
  const [type, ...field] = rest;
  return steps.some((step) => {
    const def = step['step_def'] as { type?: string } | undefined;
    return def?.type === type && has(def, field);
  });
}

function has(value: unknown, keyPath: readonly string[]): boolean {
  const [key, ...rest] = keyPath;
  if (key === undefined) return value !== undefined && value !== null;
  // A map of maps, or a list of them.
  const inner = (value as Record<string, unknown> | null)?.[key];
  if ((key === 'secrets' || key === 'agents' || Array.isArray(inner)) && rest.length > 0) {
    return Object.values(inner ?? {}).some((each) => has(each, rest));
  }
  return typeof value === 'object' && value !== null && has((value as Record<string, unknown>)[key], rest);
}

function hasPowershell(): boolean {
  try {
    execFileSync('pwsh', ['-NoLogo', '-NoProfile', '-Command', 'exit 0'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
