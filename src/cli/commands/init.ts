import { Option, type Command } from 'commander';
import type { Flavour } from '../../dialect/version.js';
import { StillpointError } from '../../errors.js';
import type { Context } from '../context.js';

interface InitFlags {
  pair: string;
  source?: string;
  replica?: string;
  user: string;
  store?: string;
  flavour?: Flavour;
  output: string;
}

const flavours = ['mariadb', 'mysql'] as const;

export function registerInit(program: Command, context: Context): void {
  const { terminal } = context;
  program
    .command('init')
    .description(
      'write a configuration, and the statements that make the account; asks what no flag says',
    )
    .option('--source <host[:port]>', 'the server that is written to')
    .option('--replica <host[:port]>', 'the server that follows it, and is paused')
    .option('--store <store>', 'where backups go: a folder, or s3://bucket/prefix')
    .addOption(new Option('--flavour <flavour>', 'what the servers are').choices(flavours))
    .option('--user <user>', 'the account to make', 'stillpoint')
    .option('--pair <name>', 'what the pair is called', 'main')
    .option('-o, --output <file>', 'the configuration', 'stillpoint.yaml')
    .action(async (flags: InitFlags) => {
      const { init } = await import('../../init.js');
      const { source, replica, store, flavour } = await answersOf(flags);
      const made = await init({ ...flags, source, replica, store, flavour, file: flags.output });
      terminal.document({ ...made, flavour });
      terminal.result(`wrote ${made.config}
      ${made.password}
      ${made.account}

The account, on the source; it replicates (the password is in the file):
${made.statements.replace(/^/gm, '  ').trimEnd()}

Next:
  ${flavour === 'mariadb' ? 'mariadb' : 'mysql'} -h ${hostOf(source)} -u root -p < ${made.account}
  rm ${made.account}
  stillpoint doctor -c ${made.config}`);
    });
}

/** What no flag says is asked on the terminal. Throws `usage` when nobody can be asked. */
async function answersOf(flags: InitFlags) {
  const { createInterface } = await import('node:readline');
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  const lines = isTerminal
    ? createInterface({ input: process.stdin, output: process.stderr })
    : undefined;
  // Not `question`: what is pasted has several lines, and it would lose all but the first.
  const typed = lines?.[Symbol.asyncIterator]();
  const answer = async (given: string | undefined, flag: string, question: string) => {
    if (given !== undefined) return given;
    if (!lines) {
      throw new StillpointError('usage', `${flag} is missing, and nobody can be asked`, {
        hint: 'Say --source, --replica, --store and --flavour.',
      });
    }
    let said = '';
    while (said === '') {
      lines.setPrompt(`${question}: `);
      lines.prompt();
      const next = await typed?.next();
      // Ctrl-C, or the end of the input.
      if (!next || next.done) throw new StillpointError('interrupted', 'nothing was written');
      said = next.value.trim();
    }
    return said;
  };
  try {
    const source = await answer(flags.source, '--source', 'Source, host or host:port');
    const replica = await answer(flags.replica, '--replica', 'Replica, host or host:port');
    const store = await answer(flags.store, '--store', 'Store, a folder or s3://bucket/prefix');
    const flavour = await answer(flags.flavour, '--flavour', 'Servers, mariadb or mysql');
    const known = flavours.find((one) => one === flavour.toLowerCase());
    if (known) return { source, replica, store, flavour: known };
    throw new StillpointError('usage', `"${flavour}" is neither mariadb nor mysql`);
  } finally {
    lines?.close();
  }
}

function hostOf(address: string): string {
  const [, host = '', port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(address) ?? [];
  return port === undefined ? host : `${host} -P ${port}`;
}
