import { z } from 'zod';
import { writtenAs } from './written-forms.js';

/** Ten years. Above it timers of every layer below overflow. */
const MAX_SECONDS = 315_360_000;
const MAX_RETRIES = 1_000_000;
const MAX_EXIT_CODE = 4_294_967_295;

/** Optional, where `null` says the same as leaving the key out. */
export function optional<T extends z.ZodType>(schema: T, description: string): z.ZodOptional<z.ZodNullable<T>> {
  return schema.nullish().describe(description);
}

/** Text that says something. */
export const text = z.string().min(1);
/** Text that may be written as a number or a boolean. */
export const scalarText = z.string().register(writtenAs, { form: 'text' });
/** Texts, in a list even where there is one. */
export const texts = z.array(scalarText);
/** Texts, of which one alone needs no list. */
export const labels = z.array(scalarText).register(writtenAs, { form: 'list' });
const name = z.string().min(1).register(writtenAs, { form: 'text' });
/** Names, of which one alone needs no list. */
export const names = z.array(name).register(writtenAs, { form: 'list' });
/** Names of locks; they become workflow ids. */
export const lockNames = z
  .array(z.string().min(1).max(128).register(writtenAs, { form: 'text' }))
  .register(writtenAs, { form: 'list' });

/** What a step or a plan is called by. Step ids become folders, plan ids the start of run ids. */
export const id = z
  .string()
  .max(128)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, {
    error: 'starts with a letter, digit or _ and continues with letters, digits, _ . -',
  })
  .register(writtenAs, { form: 'text' });

export const seconds = z.number().min(0).max(MAX_SECONDS).register(writtenAs, { form: 'seconds' });

/** A length of time that Temporal counts in whole seconds. */
export function wholeSeconds(least: number): z.ZodType<number> {
  return z.int().min(least).max(MAX_SECONDS).register(writtenAs, { form: 'seconds' });
}

/** A limit in seconds. 0 is refused: some take it for "at once", others for "never". */
export const limit = z.number().gt(0).max(MAX_SECONDS).register(writtenAs, { form: 'seconds' });
export const timeout = z
  .union([limit, z.literal('none')], { error: 'a positive number of seconds, a duration such as 10m, or none' })
  .register(writtenAs, { form: 'seconds' });

export const retries = z.int().min(0).max(MAX_RETRIES);
export const exitCodes = z.array(z.int().min(0).max(MAX_EXIT_CODE)).register(writtenAs, { form: 'list' });

/** Environment of a process. A number is taken as it is written: 1.10 is not 1.1. */
export const environment = z.record(z.string(), scalarText);

const inputSpec = z.strictObject({
  type: optional(z.enum(['string', 'integer', 'number', 'boolean', 'array', 'object']), 'Default string'),
  default: optional(z.unknown(), 'Value if none is given'),
  required: optional(z.boolean(), 'true: a value must be given (default false)'),
  enum: optional(z.array(z.unknown()).min(1), 'The only values allowed'),
  description: optional(z.string(), 'What the input is for'),
});

/** Declared inputs by name: of a plan, and of an approval. */
export const inputs = z.record(z.string(), inputSpec);

/** Declared inputs as written. */
export type SourceInputs = z.infer<typeof inputs>;

export const secrets = z.record(
  z.string(),
  z.strictObject({
    env: optional(text, 'Environment variable of the worker that holds the secret'),
    file: optional(text, 'File on the worker that holds the secret'),
    command: optional(z.union([text, names]), 'Command on the worker that prints the secret'),
  }),
);

/** Anything that JSON can say. */
export const anything = z.unknown();
export const free = z.record(z.string(), anything);
