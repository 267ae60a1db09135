import { StillpointError } from '../errors.js';

/**
 * Asks whether to do what was said, on the terminal. Throws `usage` when nobody can be asked, `refused`
 * when the answer is not yes. `isBegun`: something was changed already.
 */
export async function ask(what: string, yes: boolean, isBegun = false): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new StillpointError('usage', `this would ${what}, and nobody can be asked`, {
      hint: 'Say --yes if you mean it, or --dry-run to only see what would happen.',
    });
  }
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`This will ${what}. Go on? [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    terminal.close();
  }
  const changed = isBegun ? 'nothing more is changed' : 'nothing was changed';
  throw new StillpointError('refused', `you did not say yes: ${changed}`);
}
