import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Generous: what is tested is what happens, not how fast a loaded machine is.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Two cores: more files at once only make real servers slower.
    maxWorkers: 2,
    // A shared machine may stand still for seconds, and some tests kill processes at moments that they choose. One more
    // try there is told in the output; at a desk a test that fails sometimes is to be mended.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
