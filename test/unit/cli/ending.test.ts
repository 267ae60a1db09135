import { execa } from 'execa';
import { expect, test } from 'vitest';

/** Runs a program that has ended its command with 3, and may have left something open. */
async function run(leaves: string) {
  const program = `
    import { createServer } from 'node:net';
    import { endLater } from './dist/cli/ending.js';
    process.exitCode = 3;
    ${leaves}
    endLater(50);`;
  const args = ['--input-type=module', '-e', program];
  return await execa(process.execPath, args, { reject: false, timeout: 60_000 });
}

test('what was left open keeps no process, and is named', async () => {
  const ended = await run("createServer().listen(0, '127.0.0.1'); process.stdout.write('result');");
  expect(ended).toMatchObject({ exitCode: 3, stdout: 'result' });
  expect(ended.stderr).toMatch(/^stillpoint: ended with .*TCPServerWrap.* left open: a fault/);
});

test('where nothing is open, nothing is said', async () => {
  expect(await run('')).toMatchObject({ exitCode: 3, stdout: '', stderr: '' });
});
