/** Where a worker finds a secret's value; exactly one of the three. */
export interface SecretSource {
  /** Environment variable of the worker. */
  env?: string;
  /** File on the worker; a relative one counts from the folder where the run was started. */
  file?: string;
  /** Prints the value: a line of the shell, or a program with its arguments. */
  command?: string | readonly string[];
}
