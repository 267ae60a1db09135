import { exitStatus, reasonOf, StillpointError } from '../../errors.js';
import { stderrColours } from './colours.js';
import type { Terminal } from './terminal.js';

/** What went wrong, for machines. */
export function errorDocument(error: unknown) {
  const known = error instanceof StillpointError;
  const code = known ? error.code : 'failed';
  const hint = known ? error.hint : undefined;
  return { code, message: reasonOf(error), hint: hint ?? null, exit: exitStatus[code] };
}

/**
 * Prints what went wrong: a line and a hint, or one JSON document with --json. Of several pairs the
 * line begins with the pair's name.
 */
export function printError(error: unknown, terminal: Terminal, pair?: string): void {
  const document = errorDocument(error);
  if (terminal.json) {
    terminal.error(JSON.stringify({ error: document }, null, 2));
    return;
  }
  const of = pair === undefined ? '' : `${pair}: `;
  terminal.error(`${stderrColours.red('stillpoint:')} ${of}${document.message}`);
  if (document.hint !== null) terminal.error(`${stderrColours.dim('hint:')} ${of}${document.hint}`);
}
