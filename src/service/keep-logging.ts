/**
 * Lets this process live on where a line cannot be written, because the disk is full: such a line is lost, and nothing
 * else. Without a listener Node takes the failure for the end of the program.
 */
export function keepLogging(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}
