import type { Command, CommanderError } from 'commander';
import { StillpointError } from '../errors.js';

/** A mistake in the command line as an error of ours, with the help to look at. */
export function usageError(
  { message }: CommanderError,
  program: Command,
  argv: readonly string[],
): StillpointError {
  const [line = '', suggestion] = message.replace(/^error: /, '').split('\n');
  // Commander writes a line of its own: `(Did you mean --label?)`.
  const [, near] = /^\(Did you mean (.*)\?\)$/.exec(suggestion ?? '') ?? [];
  const named = ({ commands }: Command) => commands.find((one) => argv.includes(one.name()));
  const command = named(program);
  const path = [command, command && named(command)].flatMap((one) => (one ? [one.name()] : []));
  const help = ['stillpoint', ...path, '--help'].join(' ');
  return new StillpointError('usage', `${line}${near ? ` (did you mean ${near}?)` : ''}`, {
    hint: `\`${help}\` ${command ? 'shows what it takes' : 'lists the commands'}.`,
  });
}
