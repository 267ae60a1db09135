import { exitStatus, reasonOf, StillpointError } from '../../errors.js';
import { stderrColours } from './colours.js';
import type { Terminal } from './terminal.js';

/** Prints what went wrong: a line and a hint, or one JSON document with --json. */
export function printError(error: unknown, terminal: Terminal): void {
  const known = error instanceof StillpointError;
  const code = known ? error.code : 'failed';
  const hint = known ? error.hint : undefined;
  if (terminal.json) {
    const document = { code, message: reasonOf(error), hint: hint ?? null, exit: exitStatus[code] };
    terminal.error(JSON.stringify({ error: document }, null, 2));
    return;
  }
  terminal.error(`${stderrColours.red('stillpoint:')} ${reasonOf(error)}`);
  if (hint !== undefined) terminal.error(`${stderrColours.dim('hint:')} ${hint}`);
}
