import { defineConfig } from 'vitest/config';

// One run per engine, and one for what needs none; `npm test` starts them side by side. What waits for the most
// part of its time has a run of its own for each engine, `waiting`, beside the `rest`.
const engine = process.env['STILLPOINT_TEST_ENGINE'];
const set = process.env['STILLPOINT_TEST_SET'];
const waiting = ['stalledStore', 'network*', 'twoSourcesKilled', 'promotePosition'].map(
  (name) => `test/faults/${name}.test.ts`,
);
const withoutEngine = [
  'test/unit/**/*.test.ts',
  'test/golden/*.test.ts',
  'test/report/*.test.ts',
  'test/contract/store.test.ts',
  'test/faults/store*.test.ts',
];

export default defineConfig({
  test: {
    include:
      engine === undefined ? withoutEngine : set === 'waiting' ? waiting : ['test/**/*.test.ts'],
    exclude: engine === undefined ? [] : [...withoutEngine, ...(set === 'rest' ? waiting : [])],
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
