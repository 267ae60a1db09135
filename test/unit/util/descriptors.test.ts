import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Starts two programs, one writing into the other, with so many descriptors left; says how that ended. */
const script = `
  import { closeSync, openSync } from 'node:fs';
  import { startChain } from './dist/util/chain.js';
  const command = { file: 'cat', args: [] };
  const run = async () => {
    const chain = await startChain([command, command]);
    chain.stdin.end('x');
    let text = '';
    for await (const chunk of chain.output) text += chunk;
    await chain.failures();
    return text;
  };
  // What is loaded, and made, once only.
  await run();
  for (let left = 0; left < 16; left++) {
    const taken = [];
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    for (let i = 0; i < left; i++) closeSync(taken.pop());
    const said = await run().catch(({ code, message }) => code + ' ' + message);
    taken.forEach((fd) => closeSync(fd));
    console.log(said);
  }
  console.log(await run());
`;

// A wait without end would be worse: whoever starts them may hold a replica paused.
test('a program for which there is no descriptor left is an error, whatever it lacks', () => {
  const limited = ['-c', 'ulimit -n 64; exec "$@"', 'bash', process.execPath];
  const args = [...limited, '--input-type=module', '--eval', script];
  const said = execFileSync('bash', args, { cwd: root, encoding: 'utf8', timeout: 60_000 });
  const lines = said.trim().split('\n');
  expect(lines).toHaveLength(17);
  expect(lines.slice(-2)).toEqual(['x', 'x']);
  const failures = lines.filter((line) => line !== 'x');
  for (const failure of failures)
    expect(failure).toMatch(
      /^failed cannot (make a socket in|run cat: ).*(EMFILE|too many|closed)/,
    );
  expect(failures.some((failure) => failure.includes('run cat'))).toBe(true);
  expect(failures.length).toBeGreaterThan(3);
});
