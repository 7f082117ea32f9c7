import { execa } from 'execa';

export const handwrittenActivities = {
  async command(file, args) {
    const { stdout, stderr, exitCode } = await execa(file, args);
    return { exitCode, stdout: stdout.slice(-1024), stderr: stderr.slice(-1024) };
  },
};
