import { defineConfig } from 'vitest/config';
import SlowFirst from './test/support/slow-first.js';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    // Generous: what is tested is what happens, not how fast a loaded machine is.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // Tests of real servers and processes wait for most of their time; more at once make them slower on two cores.
    maxWorkers: 4,
    sequence: { sequencer: SlowFirst },
    // A shared machine may stand still for seconds, and some tests kill processes at moments that they choose. One more
    // try there is told in the output; at a desk a test that fails sometimes is to be mended.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
