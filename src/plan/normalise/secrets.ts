import type { SecretSource } from '../model/secret-source.js';
import type { SourceStep } from '../schema/step.js';
import { given } from './omit-absent.js';

/** Where secrets come from, without what is not given. */
export function secretSources(source: SourceStep['secrets']): Readonly<Record<string, SecretSource>> {
  return Object.fromEntries(
    Object.entries(source ?? {}).map(([name, { env, file, command }]) => [name, given({ env, file, command })]),
  );
}
