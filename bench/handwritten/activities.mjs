import { execa } from 'execa';

/** What a step does in a handwritten workflow: a process, or nothing, which is the least that Temporal can cost. */
export const activities = {
  async execa(file, args) {
    const { stdout, stderr, exitCode } = await execa(file, args);
    return { exitCode, stdout: stdout.slice(-1024), stderr: stderr.slice(-1024) };
  },
  async nothing() {},
};
