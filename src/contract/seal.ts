// What clients, workers and the workflow sandbox agree on about signed messages. No import: all of them load this file.

/**
 * Says what a message is, and for whom: a start, a verb, a task, a result. It travels with the message, under one
 * signature with it, so that nobody can make one, change one, or use one for anything else than it was made for.
 */
export interface Seal {
  kind: 'start' | 'child' | 'continued' | 'signal' | 'update' | 'query' | 'activity' | 'result';
  /** Type of the workflow or activity, or name of the verb. */
  name: string;
  /** No two seals have the same. */
  id: string;
  /** When it was made, milliseconds since the epoch. */
  at: number;
  /** Of all that a workflow or its activities make: the execution that did, by Temporal's own id. */
  run?: string;
  /** Of a start: the task queue. */
  queue?: string;
  /** Of the end of a run that went on in new histories: its first execution. */
  first?: string;
  /** Of a run that goes on in a new history: ids of the verbs that it has heard of late. Each is good once. */
  heard?: [id: string, at: number][];
  /** Of an activity's result: the id of its task's seal; absent where that had none. */
  of?: string;
}

/** What the signing codec makes of a message that has no good signature. */
export interface Unsigned {
  orch_unsigned: true;
  /** What it says, where it can be read. */
  value?: unknown;
}

type Sealed = Record<string, unknown> & { orch_seal: Seal };

export function isUnsigned(value: unknown): value is Unsigned {
  return isRecord(value) && value['orch_unsigned'] === true;
}

/** What a message says, signed or not: for those who only show it. */
export function plain(value: unknown): unknown {
  return isUnsigned(value) ? value.value : value;
}

/** Adds a seal to the arguments of a message, as the last one. */
export function sealArgs(args: readonly unknown[], seal: Seal): unknown[] {
  return [...args, { orch_seal: seal } satisfies Sealed];
}

/** Takes the seal off the arguments of a message; without one they stand as they are. */
export function openArgs(args: readonly unknown[]): { args: unknown[]; seal?: Seal } {
  const last = args.at(-1);
  return isSealed(last) && Object.keys(last).length === 1
    ? { args: args.slice(0, -1), seal: last.orch_seal }
    : { args: [...args] };
}

/** Adds a seal to a result: to an object as a field, so that it stays readable; anything else is wrapped. */
export function sealResult(value: unknown, seal: Seal): unknown {
  if (value === undefined) return { orch_seal: seal };
  // An object without fields, or with that of a wrapper, would come out as something else.
  const plainly = isRecord(value) && Object.keys(value).some((name) => name !== 'orch_value');
  return plainly ? { ...value, orch_seal: seal } : { orch_value: value, orch_seal: seal };
}

/** Takes the seal off a result. */
export function openResult(value: unknown): { value: unknown; seal?: Seal } {
  if (!isSealed(value)) return { value };
  const { orch_seal: seal, ...rest } = value;
  const names = Object.keys(rest);
  if (names.length === 0) return { value: undefined, seal };
  return names.length === 1 && names[0] === 'orch_value' ? { value: rest['orch_value'], seal } : { value: rest, seal };
}

function isSealed(value: unknown): value is Sealed {
  return isRecord(value) && isRecord(value['orch_seal']);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
