import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Generous: what is tested is what happens, not how fast a loaded machine is.
    testTimeout: 240_000,
    hookTimeout: 120_000,
    // Two cores: more files at once only make real servers slower.
    maxWorkers: 2,
  },
});
