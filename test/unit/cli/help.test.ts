import { expect, test } from 'vitest';
import { examplesOf } from '../../../src/cli/examples.js';
import { createProgram } from '../../../src/cli/program.js';
import { createTerminal } from '../../../src/cli/output/terminal.js';

const program = await createProgram({
  terminal: createTerminal(),
  signal: new AbortController().signal,
  exitWith: () => undefined,
  run: () => Promise.resolve({ exit: 0, error: null }),
});
const commands = program
  .createHelp()
  .visibleCommands(program)
  .filter((command) => command.name() !== 'help');

test.each(commands.map((command) => [command.name(), command] as const))(
  '%s has an example and stands in a group',
  (_, command) => {
    expect(examplesOf(command)).not.toEqual([]);
    expect(command.helpGroup()).toMatch(/:$/);
  },
);

test.each(
  commands.flatMap((command) => examplesOf(command).map(([line]) => [line, command] as const)),
)('the flags of %s are there', (line, command) => {
  const [ours = ''] = line.split(/[)>]| -- /);
  const flags = ours.split(' ').filter((word) => word.startsWith('-'));
  // `pair promote shop`: the flags are those of the inner command.
  const inner = command.commands.find((one) => ours.split(' ').includes(one.name())) ?? command;
  const known = inner.options.flatMap(({ short, long }) => [short, long]);
  expect(known).toEqual(expect.arrayContaining(flags));
});
