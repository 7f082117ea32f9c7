import type { Json } from '../model/values.js';
import { fingerprintOf } from './fingerprint.js';
import { inputToEnv } from './inputs.js';
import { fillTemplate } from './template-text.js';

type Env = Readonly<Record<string, string>>;

/** What a run was started with, as far as the environment of its steps comes of it. */
export interface EnvSource {
  /** The plan as written. */
  plan: unknown;
  inputs: Readonly<Record<string, Json>>;
  /** What the run took along from its starter. */
  env: Env;
}

/** The environment that all steps of a run have in common. */
export interface SharedEnv {
  env: Env;
  /**
   * Fingerprint of it. Workflow and worker make it from the same start input, each by its own code: where that differs
   * between versions, the fingerprints do.
   */
  mark: string;
}

/** Bytes of one variable, its name included, that Linux takes. */
const MAX_VARIABLE_BYTES = 128 * 1024 - 2;
/** Bytes of all inputs that are exported. The system's limit is for arguments and environment together. */
const MAX_INPUTS_BYTES = 512 * 1024;

/**
 * Works out what all steps of a run find in their environment: what was taken along, over it the inputs, over these
 * those entries of `globals.env` that are the same for every step. A step's task says how its own differs.
 */
export function sharedEnv({ plan, inputs, env }: EnvSource): SharedEnv {
  const given: Record<string, string> = { ...env };
  for (const [name, value] of Object.entries(inputs)) given[name] = inputToEnv(value);
  const shared = { ...given, ...constants(plan, given) };
  return { env: shared, mark: fingerprint(shared) };
}

/** What a step's environment has besides, or otherwise than, the one that all share. */
export function ownEnv(env: Env, shared: SharedEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => !Object.hasOwn(shared.env, name) || shared.env[name] !== value),
  );
}

/**
 * Names of the inputs that are too large for an environment variable, or for the environment together with the others:
 * then the largest ones. Steps run without these.
 */
export function unexported({ inputs }: Pick<EnvSource, 'inputs'>): string[] {
  const sizes = Object.entries(inputs)
    .map(([name, value]) => ({ name, bytes: utf8Length(name) + utf8Length(inputToEnv(value)) }))
    .sort((a, b) => a.bytes - b.bytes);
  let total = 0;
  return sizes.flatMap(({ name, bytes }) => {
    total += bytes;
    return bytes > MAX_VARIABLE_BYTES || total > MAX_INPUTS_BYTES ? [name] : [];
  });
}

/** Entries of `globals.env` without an expression: those are worked out step by step. */
function constants(plan: unknown, given: Env): Record<string, string> {
  const written = (plan as { globals?: { env?: unknown } | null } | null | undefined)?.globals?.env;
  if (typeof written !== 'object' || written === null) return {};
  const filled: [string, string][] = [];
  for (const [name, text] of Object.entries(written as Record<string, unknown>)) {
    if (typeof text !== 'string' || text.includes('${{')) continue;
    filled.push([name, fillTemplate(text, (each) => (Object.hasOwn(given, each) ? given[each] : undefined))]);
  }
  return Object.fromEntries(filled);
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    // A surrogate is half of what takes four bytes.
    bytes += code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** 53 bits that differ where the environments do: against mistakes, not against attackers. */
function fingerprint(env: Env): string {
  const names = Object.keys(env).sort();
  const text = JSON.stringify(names.map((name) => [name, env[name]]));
  return fingerprintOf(text);
}
