import { z } from 'zod';
import { refuseArgument } from './extra-args.js';
import { command, count, duration, name, path, size, text } from './fields.js';
import { notifySchema } from './notify.js';
import {
  adminSchema,
  replicaSchema,
  replicationSchema,
  serverSchema,
  toolsSchema,
} from './server.js';
import { retentionSchema } from './store.js';

const databasesSchema = z.strictObject({
  include: z
    .array(text())
    .min(1)
    .default(['*'])
    .describe('Names of databases, with * and ? for any text and any character.'),
  exclude: z
    .array(text())
    .default([])
    .describe('Names of databases, or database.table, with * and ?; they win over include.'),
});

const freezeSchema = z.strictObject({
  hold: z
    .enum(['dump', 'snapshot', 'auto'])
    .default('dump')
    .describe(
      'How long replication is paused: for the whole dump, or until every snapshot is open.',
    ),
  maxLag: duration().prefault('60s').describe('A replica further behind than this is refused.'),
  maxDuration: duration({ min: '1s' })
    .prefault('2h')
    .describe('The longest pause; when it is over, replication goes on and the backup fails.'),
  exclusive: z
    .union([z.boolean(), z.literal('auto')])
    .default('auto')
    .describe(
      'Whether to hold a global read lock for the pause; auto: when the replica accepts writes.',
    ),
  lease: duration({ min: '5s', max: '1h' })
    .prefault('60s')
    .describe('How soon the server itself resumes replication once this program is gone.'),
  catchUpTimeout: duration()
    .prefault('10m')
    .describe('How long to watch the lag fall after the pause.'),
});

const dumpSchema = z.strictObject({
  parallel: count(1).exactOptional().describe('Dump processes at once. Default: number of cores.'),
  compression: z
    .strictObject({
      level: count(1).max(19).default(1).describe('The level of zstd.'),
      threads: count(1).exactOptional().describe('Threads of each zstd. Default: 1.'),
    })
    .prefault({})
    .describe('How parts are compressed.'),
  partSize: size({ min: '1MiB' })
    .prefault('1GiB')
    .describe('About how many bytes of SQL of one InnoDB table go into one part at most.'),
  checksums: z
    .boolean()
    .default(true)
    .describe('Take CHECKSUM TABLE in the pause, so that a drill can prove equality.'),
  accounts: z.boolean().default(true).describe('Whether users, roles and grants are dumped too.'),
  spool: z
    .strictObject({
      memory: size().prefault('4MiB').describe('Bytes of one part held in memory.'),
      disk: size().prefault('10GiB').describe('Bytes held on disk, all parts together; 0: none.'),
      path: path().exactOptional().describe('The directory. Default: the system temporary one.'),
    })
    .prefault({})
    .describe('Where the dump goes while the store stalls.'),
  extraArgs: z
    .array(text().superRefine(checkExtraArg))
    .default([])
    .describe(
      'More options for mysqldump, like --max-allowed-packet=1G. Those that are ours are refused.',
    ),
});

const encryptionSchema = z
  .strictObject({
    recipients: z
      .array(z.string().superRefine(checkRecipient))
      .default([])
      .describe('Public keys of age (age1…) or SSH (ssh-…) that can read the backup.'),
    recipientsFile: path().exactOptional().describe('A file of such keys, one a line.'),
  })
  .refine((value) => value.recipients.length > 0 || value.recipientsFile !== undefined, {
    message: 'expected recipients or recipientsFile',
  });

const failoverSchema = z.strictObject({
  before: command()
    .exactOptional()
    .describe('A command to run before anything is changed; when it fails, nothing is.'),
  after: command()
    .exactOptional()
    .describe(
      'A command to run once the new source takes writes: it moves an address, or tells a proxy.',
    ),
  timeout: duration({ min: '1s' }).prefault('60s').describe('How long each of them may take.'),
  maxPause: duration({ min: '1s' })
    .prefault('30s')
    .describe(
      'The longest that nobody may write in a switchover; when it is over, the old source takes writes again.',
    ),
});

const drainSchema = z.strictObject({
  before: command()
    .exactOptional()
    .describe('A command that takes the node out of the proxy, so that the other gets its writes.'),
  after: command()
    .exactOptional()
    .describe('A command that puts it back; it runs in every ending, and may run twice.'),
  timeout: duration({ min: '1s' }).prefault('60s').describe('How long each of them may take.'),
  within: duration({ min: '1s' })
    .prefault('30s')
    .describe('How long open transactions are waited for; when it is over, the backup is refused.'),
});

/** A source, its replica or replicas, and how they are backed up. */
export const pairSchema = z
  .strictObject({
    topology: z
      .enum(['source-replica', 'source-source'])
      .default('source-replica')
      .describe(
        'source-source: both take writes, and replica is taken out of writing for a backup.',
      ),
    source: serverSchema.describe('The server that is written to.'),
    replica: serverSchema
      .exactOptional()
      .describe('The server that is paused and dumped. This, or replicas.'),
    replicas: z
      .record(name(), replicaSchema)
      .exactOptional()
      .describe('Several replicas by name; each backup pauses one of them. This, or replica.'),
    replication: replicationSchema
      .exactOptional()
      .describe(
        'The account a restored server attaches to the source with. Default: that of source.',
      ),
    channels: z
      .record(z.string(), serverSchema)
      .exactOptional()
      .describe(
        'Of a replica with several sources, by the name of the channel: how a restored server attaches to its source. Default: where the replica follows it, with the account of replication.',
      ),
    admin: adminSchema
      .exactOptional()
      .describe(
        'The account that pair promote and its kin use on both servers. Default: that of each server.',
      ),
    failover: failoverSchema.prefault({}).describe('How the replica becomes the source.'),
    drain: drainSchema
      .prefault({})
      .describe('How replica is taken out of writing, with topology: source-source.'),
    databases: databasesSchema.prefault({}).describe('What is dumped.'),
    freeze: freezeSchema.prefault({}).describe('The pause of replication.'),
    dump: dumpSchema.prefault({}).describe('How it is dumped.'),
    encryption: encryptionSchema
      .exactOptional()
      .describe('Who can read the backup. Default: whoever can read the store.'),
    retention: retentionSchema.exactOptional().describe('Which backups prune keeps. Default: all.'),
    tools: toolsSchema.prefault({}).describe('The programs that fit these servers.'),
    store: name().exactOptional().describe('The store to use. Needed when there are several.'),
    label: name().exactOptional().describe('The label of backups that are given none.'),
    notify: notifySchema
      .exactOptional()
      .describe('Who is told of this pair: its keys win over those of notify below the pairs.'),
  })
  .superRefine(checkReplicas, {
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .superRefine(checkTopology, { when: ({ value }) => typeof value === 'object' && value !== null });

function checkReplicas(pair: object, context: z.RefinementCtx): void {
  const fail = (message: string, path: string[], params?: Record<string, unknown>) =>
    context.addIssue({ code: 'custom', message, path, input: pair, ...(params ? { params } : {}) });
  const replicas = 'replicas' in pair ? pair.replicas : undefined;
  if (replicas === undefined) {
    if (!('replica' in pair)) fail('or replicas, by name', [], { missing: 'replica' });
    return;
  }
  if ('replica' in pair) fail('either replica or replicas, not both', ['replicas']);
  if (typeof replicas === 'object' && replicas !== null && Object.keys(replicas).length === 0)
    fail('expected at least one replica', ['replicas']);
}

// Also when another key is wrong, hence nothing is taken as given.
function checkTopology(pair: object, context: z.RefinementCtx): void {
  const { topology, freeze } = pair as { topology?: unknown; freeze?: { exclusive?: unknown } };
  if (topology !== 'source-source' || freeze?.exclusive !== false) return;
  context.addIssue({
    code: 'custom',
    message: 'a node that takes writes is locked for the pause: leave it out, or true',
    path: ['freeze', 'exclusive'],
    input: false,
  });
}

function checkExtraArg(argument: string, context: z.RefinementCtx): void {
  const why = refuseArgument(argument);
  if (why !== null) context.addIssue(why);
}

function checkRecipient(recipient: string, context: z.RefinementCtx): void {
  if (recipient.startsWith('AGE-SECRET-KEY-'))
    context.addIssue('this is a secret key; give the public key that belongs to it (age1…)');
  else if (!/^(age1|ssh-)/.test(recipient))
    context.addIssue(`expected a public key like age1…, got ${JSON.stringify(recipient)}`);
}
