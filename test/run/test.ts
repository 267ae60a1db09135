import { execa } from 'execa';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engines, findBrowser, findTools } from '../rig/index.js';

// Runs the tests that need no server, and those of every engine there is, side by side; those that wait for the most
// part of their time come after the first. Arguments go to vitest: file names, -t NAME. In CI both engines must be
// there.
const args = process.argv.slice(2);
const toolbox = await findTools((line) => console.log(line));
await findBrowser((line) => console.log(line)).catch((error: unknown) =>
  console.log(String(error)),
);
const found = engines.filter((engine) => toolbox[engine] !== null);
for (const line of toolbox.missing) console.log(`missing: ${line}`);
const wanted = process.env['CI'] === undefined ? 1 : engines.length;
if (found.length < wanted || toolbox.s3 === null) {
  console.log('0 passed, 1 failed');
  process.exit(1);
}
for (const engine of found) console.log(`testing with ${engine} ${toolbox[engine]?.version ?? ''}`);

const folder = await mkdtemp(join(tmpdir(), 'stillpoint-results-'));
const besides = async (): Promise<Outcome[]> => {
  const outcomes = [await runTests(null)];
  for (const engine of found) outcomes.push(await runTests(engine, 'waiting'));
  return outcomes;
};
const lanes = [besides(), ...found.map(async (engine) => [await runTests(engine, 'rest')])];
const results = (await Promise.all(lanes)).flat();
await rm(folder, { recursive: true });
const sum = (of: 'passed' | 'failed') => results.reduce((total, one) => total + one[of], 0);
console.log(`engines: ${found.join(', ')}`);
for (const line of results.flatMap((one) => one.failures)) console.log(line);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;

interface Outcome {
  passed: number;
  failed: number;
  /** A paragraph for each test that failed, repeated at the end: the log of a whole run is long. */
  failures: string[];
}

/** What is read of vitest's report. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { fullName: string; status: string; failureMessages: string[] }[];
  }[];
}

/** A test that took too long has a failure without words in the report. */
function legible(message: string): string {
  return message.replace(/^Error: STACK_TRACE_ERROR[^]*/, 'it did not end in time');
}

/** Runs vitest once, its lines marked with the engine. */
async function runTests(engine: string | null, set?: 'waiting' | 'rest'): Promise<Outcome> {
  const report = join(folder, `${engine ?? 'unit'}-${set ?? 'all'}.json`);
  const mark = (engine ?? 'unit').padEnd(8);
  const vitest = execa({
    reject: false,
    stdin: 'ignore',
    all: true,
    lines: true,
    buffer: false,
    env: { STILLPOINT_TEST_ENGINE: engine ?? undefined, STILLPOINT_TEST_SET: set },
  })(process.execPath, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]);
  for await (const line of vitest.iterable({ from: 'all' })) console.log(`${mark} ${line}`);
  const { exitCode } = await vitest;
  const text = await readFile(report, 'utf8').catch(() => null);
  if (text === null) return { passed: 0, failed: 1, failures: [`${mark} wrote no report`] };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(text) as VitestReport;
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults.filter((one) => one.status === 'failed');
    if (tests.length === 0) return status === 'failed' ? [`${mark} ${name}\n${message}`] : [];
    return tests.map((one) =>
      [`${mark} ${name}: ${one.fullName}`, ...one.failureMessages.map(legible)].join('\n'),
    );
  });
  // A failure outside of a test, in a hook or an import, counts too.
  const failed = exitCode !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
  return { passed: numPassedTests, failed, failures };
}
