import { createRedactor, createWithholder, resolveSecret, SecretError, type Redactor } from '../../secrets/index.js';
import type { StepTask } from '../../contract/step-task.js';

/** A task as it is executed, and how what comes of it is freed of secrets. */
interface Opened<T> {
  /** Holds secrets: nothing of it may leave this process but to the step itself. */
  task: T;
  /** For logs, messages and whatever else people read: hides secrets, and tokens that are known by their looks. */
  redactor: Redactor;
  /** For outputs, which other steps read: hides the declared secrets only, as a token may be what a step is to hand on. */
  dataRedactor: Redactor;
  /** True where the secrets could not be had: the task holds none, and nothing that its process prints is shown. */
  withheld?: true;
}

/** A step's task as it is executed. */
export type OpenedTask = Opened<StepTask>;

/**
 * Finds the secrets of a task, and puts them where they belong.
 *
 * @param context the worker's environment, and the folder that relative files count from
 * @throws SecretError where one that the step uses cannot be had
 */
export async function openTask<T extends Pick<StepTask, 'secrets'>>(
  task: T,
  context: { env: Readonly<Record<string, string | undefined>>; cwd: string; signal?: AbortSignal },
): Promise<Opened<T>> {
  if (task.secrets === undefined) return { task, redactor: plain, dataRedactor: nothing };
  const { sources, uses } = task.secrets;
  const used = new Set(
    uses.flatMap(({ parts }) => parts.flatMap((part) => (typeof part === 'string' ? [] : [part.secret]))),
  );
  const values = new Map<string, string>();
  for (const [name, source] of Object.entries(sources)) {
    // One that is only declared may reach the step by other ways, and is hidden where it can be had.
    if (used.has(name)) values.set(name, await resolveSecret(name, source, context));
    else if (source.command === undefined) {
      const value = await resolveSecret(name, source, context).catch(ignoreSecretError);
      if (value !== undefined) values.set(name, value);
    }
  }
  const secrets = [...values.values()];
  return {
    task: withSecrets(task, uses, values),
    redactor: createRedactor(secrets),
    dataRedactor: createRedactor(secrets, { shapes: false }),
  };
}

const plain = createRedactor();
const nothing = createRedactor([], { shapes: false });

/** A task whose process runs already, and whose secrets could not be had again. */
export function withheld(task: StepTask, error: SecretError): OpenedTask {
  const redactor = createWithholder(`[withheld by orch: ${error.message}]\n`);
  return { task, redactor, dataRedactor: redactor, withheld: true };
}

function ignoreSecretError(error: unknown): undefined {
  if (!(error instanceof SecretError)) throw error;
}

function withSecrets<T>(
  task: T,
  uses: NonNullable<StepTask['secrets']>['uses'],
  values: ReadonlyMap<string, string>,
): T {
  const opened = structuredClone(task);
  for (const { path, parts } of uses) {
    const text = parts.map((part) => (typeof part === 'string' ? part : values.get(part.secret)!)).join('');
    let owner = opened as unknown as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) owner = owner[key] as typeof owner;
    owner[path.at(-1)!] = text;
  }
  return opened;
}
