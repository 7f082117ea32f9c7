import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Generous: what is tested is what happens, not how fast a loaded machine is.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Most of the time a test waits for servers and processes, so two cores have room for three.
    maxWorkers: 3,
  },
});
