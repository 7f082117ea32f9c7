import { runCli } from './program.js';

// The only place that ends the process: everything below returns an exit code or throws.
process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
});
