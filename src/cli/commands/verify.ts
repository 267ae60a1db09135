import type { Command } from 'commander';
import { exitStatus } from '../../errors.js';
import { configOf, type Context } from '../context.js';

export function registerVerify(program: Command, context: Context): void {
  const { terminal, signal } = context;
  program
    .command('verify')
    .argument('<backup>', 'its id, a label, or latest')
    .description('read a backup back and compare every stored byte with its SHA-256')
    .option('--pair <pair>', 'the pair it is of')
    .action(async (which: string, flags: { pair?: string }, command: Command) => {
      const { verify } = await import('../../verify.js');
      const { bytesText, secondsText } = await import('../output/text.js');
      const found = await verify(await configOf(command), {
        backup: which,
        ...flags,
        signal,
        observe: terminal.observe,
      });
      terminal.clear();
      terminal.document(found);
      const read = `${found.objects} objects, ${bytesText(found.bytes)}, read in ${secondsText(found.seconds)}`;
      if (found.status === 'intact') {
        terminal.result(`backup ${found.backup} is intact: ${read}`);
        return;
      }
      context.exitWith(exitStatus.verification);
      if (terminal.json) return;
      terminal.error(`backup ${found.backup} is damaged (${read}):`);
      for (const problem of found.problems) terminal.error(`  ${problem}`);
    });
}
