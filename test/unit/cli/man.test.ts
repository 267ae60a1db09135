import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { manPage } from '../../../src/cli/man/page.js';
import { createTerminal } from '../../../src/cli/output/terminal.js';
import { createProgram } from '../../../src/cli/program.js';
import { mayRun } from '../../support/programs.js';

const program = await createProgram({
  terminal: createTerminal(),
  signal: new AbortController().signal,
  exitWith: () => undefined,
  run: () => Promise.resolve({ exit: 0, error: null }),
});
const page = manPage(program, '1.2.3');

test('it names every command and every flag of them', () => {
  const plain = page.replaceAll('\\-', '-');
  for (const command of program.createHelp().visibleCommands(program)) {
    if (command.name() !== 'help') expect(plain).toContain(`"stillpoint ${command.name()}`);
    for (const { long } of command.options) expect(plain).toContain(long);
  }
});

test.runIf(mayRun('groff'))('groff has nothing to say about it', () => {
  const { stdout, stderr, status } = spawnSync('groff', ['-man', '-ww', '-Kutf8', '-Tutf8'], {
    input: page,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(stdout).toContain('stillpoint');
});
