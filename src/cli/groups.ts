import type { Command } from 'commander';

/** What `--help` and the man page put together, in their order. */
const groups: readonly (readonly [string, readonly string[]])[] = [
  ['Back up:', ['backup', 'snapshot', 'list', 'show', 'verify']],
  ['Restore:', ['restore', 'drill', 'report']],
  ['Keep:', ['pin', 'unpin', 'prune', 'schedule']],
  ['Look after:', ['status', 'doctor', 'resume', 'pair', 'notify']],
  ['Begin:', ['init', 'completion']],
];

/** Puts the commands of the program under their headings. */
export function groupCommands(program: Command): void {
  program.commandsGroup('More:');
  for (const [heading, names] of groups)
    for (const command of program.commands)
      if (names.includes(command.name())) command.helpGroup(heading);
}
