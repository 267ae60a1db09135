import { expect, test } from 'vitest';
import { createTerminal } from '../../../src/cli/output/terminal.js';
import { createProgram } from '../../../src/cli/program.js';

const context = {
  terminal: createTerminal(),
  signal: new AbortController().signal,
  exitWith: () => undefined,
  run: () => Promise.resolve({ exit: 0, error: null }),
};
const commandsOf = async (line: string) =>
  (await createProgram(context, line.split(' '))).commands.map((command) => command.name());
const all = await commandsOf('');

test.each([
  ['backup --help', ['backup']],
  ['-c list show latest', ['show']],
  ['--json --config=x show latest', ['show']],
  ['complete -- backup --label', ['backup', 'completion', 'complete']],
  ['complete -- -c list schedule r', ['schedule', 'completion', 'complete']],
])('%s makes what it is about', async (line, expected) => {
  expect(await commandsOf(line)).toEqual(expected);
});

// One that is misspelt is told with the nearest of all, whatever follows it.
test.each([
  '--help',
  'shedule list',
  'help backup',
  '-c list',
  'complete -- backup',
  'constructor',
])('%s makes all', async (line) => {
  expect(await commandsOf(line)).toEqual(all);
});
