import type { Json } from '../model/values.js';
import { given } from './omit-absent.js';
import { agentAction } from './agent.js';
import type { SourceInputs } from '../schema/parts.js';
import type { SourceStep, SourceStepDef } from '../schema/step.js';
import type { HttpAction, InputSpec, PowershellAction, StepAction } from '../model/plan.js';
import { unreachable } from '../../basics/unreachable.js';

const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** What a step of a plan that passed every check does, with all defaults filled in. */
export function normaliseAction(source: SourceStep): StepAction {
  const def = source.step_def ?? undefined;
  if (def !== undefined) return defAction(def);
  return {
    type: 'command',
    command: source.command ?? '',
    args: source.args ?? [],
    shell: source.shell ?? false,
    ...given({ stdin: source.stdin }),
  };
}

/** Declared inputs, of a plan or of an approval. */
export function inputSpecs(source: SourceInputs): Record<string, InputSpec> {
  return Object.fromEntries(Object.entries(source).map(([name, spec]) => [name, inputSpec(spec)]));
}

function inputSpec(source: SourceInputs[string]): InputSpec {
  const fallback = (source.default ?? undefined) as Json | undefined;
  return {
    type: source.type ?? 'string',
    required: source.required === true && fallback === undefined,
    ...given({ default: fallback, enum: source.enum as Json[] | null | undefined, description: source.description }),
  };
}

function defAction(def: SourceStepDef): StepAction {
  switch (def.type) {
    case 'command':
      return {
        type: 'command',
        command: def.command,
        args: def.args ?? [],
        shell: def.shell ?? false,
        ...given({ stdin: def.stdin }),
      };
    case 'shell':
      return { type: 'shell', ...given({ script: def.script, script_file: def.script_file, stdin: def.stdin }) };
    case 'powershell': {
      const args = (def.args ?? []) as PowershellAction['args'];
      return { type: 'powershell', script: def.script, args, ...given({ stdin: def.stdin }) };
    }
    case 'http':
      return httpAction(def);
    case 'approval':
      return {
        type: 'approval',
        ...given({ message: def.message }),
        approvers: def.approvers ?? [],
        inputs: inputSpecs(def.inputs ?? {}),
        default: def.default ?? 'reject',
        ...given({ key: def.key, policy: def.policy }),
      };
    case 'wait':
      return { type: 'wait', ...given({ seconds: def.seconds, until: def.until }) };
    case 'plan':
      return { type: 'plan', plan: def.plan, inputs: (def.inputs ?? {}) as Readonly<Record<string, Json>> };
    case 'noop':
      return { type: 'noop' };
    case 'agent':
      return agentAction(def);
    default:
      return unreachable(def);
  }
}

function httpAction(def: Extract<SourceStepDef, { type: 'http' }>): HttpAction {
  const method = def.method ?? 'GET';
  const expected = def.expect_status ?? ['2xx'];
  return {
    type: 'http',
    url: def.url,
    // The names in a template are not to be changed: what it becomes is put in upper case when it is filled in.
    method: method.includes('$') ? method : method.toUpperCase(),
    headers: def.headers ?? {},
    ...given({ body: def.body as Json | undefined }),
    expect_status: Array.isArray(expected) ? expected : [expected],
    max_body_bytes: def.max_body_bytes ?? DEFAULT_MAX_BODY_BYTES,
  };
}
