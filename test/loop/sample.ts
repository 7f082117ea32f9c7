import { readLoopFile, resolveConfig, resolveKnobs, type KnobSources, type LoopConfig } from '../../src/loop/index.js';

/** The configuration that a file and what is given beside it come to; throws what is wrong. */
export function configOf(text = '', over: Partial<KnobSources> = {}): LoopConfig {
  const file = readLoopFile(text, 'orchestration.yaml');
  if (!file.ok) throw new Error(file.error.map((each) => each.message).join('\n'));
  const knobs = resolveKnobs({ cli: {}, env: {}, ...over, file: file.value.knobs });
  if (!knobs.ok) throw new Error(knobs.error.map((each) => each.message).join('\n'));
  const config = resolveConfig(knobs.value, file.value.knobs);
  if (!config.ok) throw new Error(config.error.map((each) => each.message).join('\n'));
  return config.value;
}

/** What is wrong with a file: `line:column code path`. */
export function faultsOf(text: string): string[] {
  const file = readLoopFile(text, 'orchestration.yaml');
  return file.ok
    ? []
    : file.error.map((each) => `${each.line}:${each.column} ${each.code} ${each.path ?? ''}`.trimEnd());
}
