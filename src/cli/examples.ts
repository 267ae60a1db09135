import type { Command } from 'commander';

/** A command line, and what it is for. */
export type Example = readonly [line: string, about: string];

const examples: Readonly<Record<string, readonly Example[]>> = {
  backup: [
    ['stillpoint backup shop --label nightly', 'one pair'],
    ['stillpoint backup --all --quiet', 'every pair, two at a time; for cron'],
  ],
  restore: [
    ['stillpoint restore latest --to staging --dry-run', 'what, how big, how long'],
    ['stillpoint restore nightly --to staging --only shop.orders', 'one table'],
  ],
  list: [['stillpoint list shop', 'newest last']],
  show: [['stillpoint show latest --pair shop', 'its coordinates and tables']],
  verify: [['stillpoint verify latest --pair shop', 'is every stored byte still right?']],
  drill: [
    ['stillpoint drill latest --pair shop', 'restore it, compare, throw it away'],
    ['stillpoint drill --all --catch-up', 'the newest of every pair, coordinates too'],
  ],
  report: [
    ['stillpoint report shop -o shop.html', 'the history of a pair'],
    ['stillpoint report shop --drill latest', 'one drill'],
  ],
  status: [
    ['stillpoint status', 'all pairs at a glance'],
    ['stillpoint status shop --watch', 'as it changes, until Ctrl-C'],
  ],
  doctor: [['stillpoint doctor shop', 'what is missing, with its fix']],
  resume: [['stillpoint resume shop', 'a dead run left the replica paused']],
  pair: [
    ['stillpoint pair setup shop --dry-run', 'from two servers to a pair: every statement'],
    ['stillpoint pair setup shop --seed source', 'no backup yet: from what the source holds'],
    ['stillpoint pair promote shop --dry-run', 'every statement, and nothing is done'],
    ['stillpoint pair promote shop --switchover', 'both change their roles'],
    ['stillpoint pair promote shop', 'the source is gone'],
    ['stillpoint pair rejoin shop', 'it is back'],
  ],
  notify: [['stillpoint notify test shop', 'would a failed backup be heard of?']],
  init: [
    ['stillpoint init', 'asks, and writes ./stillpoint.yaml'],
    [
      'stillpoint init --source db1 --replica db2 --store /srv/backups --flavour mariadb',
      'asks nothing',
    ],
  ],
  completion: [
    ['source <(stillpoint completion bash)', 'in ~/.bashrc; the same for zsh'],
    ['stillpoint completion fish > ~/.config/fish/completions/stillpoint.fish', 'for fish'],
  ],
  snapshot: [
    ['stillpoint snapshot before-42', 'everything up to now'],
    ['stillpoint snapshot before-42 -- ./migrate.sh', 'then the migration'],
  ],
  pin: [['stillpoint pin latest --pair shop', 'keep it']],
  unpin: [['stillpoint unpin latest --pair shop', 'let it go in its time']],
  prune: [['stillpoint prune --dry-run', 'what would go, and why']],
  schedule: [['stillpoint schedule list', 'what runs when']],
};

/** The examples of a command; empty when it has none. */
export function examplesOf(command: Command): readonly Example[] {
  return Object.hasOwn(examples, command.name()) ? (examples[command.name()] ?? []) : [];
}

/** Shows the examples of every command below its help. */
export function addExamples(program: Command): void {
  for (const command of program.commands) {
    const lines = examplesOf(command).map(([line, about]) => `  ${line}\n      ${about}`);
    if (lines.length > 0) command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  }
}
