import { defineConfig } from 'vitest/config';

// One run per engine, and one for what needs none; `npm test` starts them side by side.
const engine = process.env['STILLPOINT_TEST_ENGINE'];
const withoutEngine = [
  'test/unit/**/*.test.ts',
  'test/golden/*.test.ts',
  'test/report/*.test.ts',
  'test/contract/store.test.ts',
  'test/faults/store*.test.ts',
];

export default defineConfig({
  test: {
    include: engine === undefined ? withoutEngine : ['test/**/*.test.ts'],
    exclude: engine === undefined ? [] : withoutEngine,
    globalSetup: 'test/rig/globalSetup.ts',
    setupFiles: engine === undefined ? [] : ['test/rig/guard.ts'],
    pool: 'forks',
    // The tests of an engine share its pair.
    fileParallelism: engine === undefined,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 30_000,
  },
});
