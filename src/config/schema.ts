import { z } from 'zod';
import { count, duration, name, path, text, zone } from './fields.js';
import { notifySchema } from './notify.js';
import { pairSchema } from './pair.js';
import { serverSchema, targetSchema } from './server.js';
import { storeSchema } from './store.js';

const rangeSchema = z
  .strictObject({
    min: z.number().exactOptional().describe('The least.'),
    max: z.number().exactOptional().describe('The most.'),
  })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected min, max or both');

const assertionSchema = z.strictObject({
  name: text().describe('What the report calls it.'),
  sql: text().describe('A query that answers with one value.'),
  expect: z
    .union([z.string(), z.number(), z.boolean(), z.null(), rangeSchema])
    .describe('The value it must answer with, a range { min, max }, or "no rows".'),
  database: text().exactOptional().describe('The database it runs in.'),
  timeout: duration({ min: '1s' }).prefault('60s').describe('How long it may take.'),
});

const freshnessSchema = z.strictObject({
  database: text().describe('The database of the table.'),
  table: text().describe('The table.'),
  column: text().describe('A DATETIME, a TIMESTAMP, or a number of seconds since 1970.'),
  within: duration({ min: '1s' }).describe(
    'How much older than the backup its newest value may be.',
  ),
  zone: zone().default('UTC').describe('The time zone that a DATETIME is in.'),
});

const drillSchema = z.strictObject({
  identityFile: path()
    .exactOptional()
    .describe('The secret key of age that reads backups; restore uses it too.'),
  assertions: z.array(assertionSchema).default([]).describe('What must be true of restored data.'),
  freshness: z
    .array(freshnessSchema)
    .default([])
    .describe('Columns whose newest value tells whether the data is as new as the backup.'),
  maxAge: duration({ min: '1s' })
    .exactOptional()
    .describe('A newest backup older than this fails the drill.'),
  catchUp: z
    .boolean()
    .default(false)
    .describe('Attach the sandbox to the source and see it catch up.'),
  directory: path()
    .exactOptional()
    .describe('Where the sandbox keeps its data. Default: the system temporary directory.'),
  target: name()
    .exactOptional()
    .describe('Restore into this target, which must be empty, in place of a sandbox.'),
  parallel: count(1).exactOptional().describe('Clients at once. Default: number of cores.'),
});

/** The whole file. Parsing it yields defaults, seconds and bytes. */
export const configSchema = z
  .strictObject({
    pairs: z
      .record(name(), pairSchema)
      .refine((pairs) => Object.keys(pairs).length > 0, 'expected at least one pair')
      .describe('The pairs of servers, by name.'),
    stores: z
      .record(name(), storeSchema)
      .refine((stores) => Object.keys(stores).length > 0, 'expected at least one store')
      .describe('Where backups go, by name.'),
    targets: z
      .record(name(), targetSchema)
      .default({})
      .describe('Servers to restore into, by name.'),
    drill: drillSchema.prefault({}).describe('How a restore is proven.'),
    notify: notifySchema.prefault({}).describe('Who is told.'),
    stateDir: path()
      .exactOptional()
      .describe(
        'Where the journal of pauses lies, and how far an interrupted restore came. Default: /var/lib/stillpoint for root, else $XDG_STATE_HOME/stillpoint.',
      ),
    schedulesDir: path()
      .exactOptional()
      .describe('Your own schedules. Default: the folder schedules beside the configuration.'),
  })
  .superRefine(checkStores, { when: ({ value }) => typeof value === 'object' && value !== null });

// Also when another key is wrong, so that one run names every mistake: hence nothing is taken as given.
function checkStores(config: object, context: z.RefinementCtx): void {
  const { pairs, stores } = config as { pairs?: unknown; stores?: unknown };
  if (!isRecord(pairs) || !isRecord(stores)) return;
  const known = Object.keys(stores);
  for (const [pair, value] of Object.entries(pairs)) {
    if (!isRecord(value)) continue;
    const store = value['store'];
    if (store === undefined && known.length > 1)
      context.addIssue({
        code: 'custom',
        message: `there are several (${known.join(', ')})`,
        params: { missing: 'store' },
        path: ['pairs', pair],
        input: value,
      });
    if (typeof store === 'string' && !known.includes(store))
      context.addIssue({
        code: 'custom',
        message: `no store "${store}"`,
        params: { known },
        path: ['pairs', pair, 'store'],
        input: store,
      });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A configuration, checked and with its defaults. Durations are seconds, sizes bytes, paths absolute. */
export interface Config extends z.infer<typeof configSchema> {
  stateDir: string;
  schedulesDir: string;
}
/** A pair as it stands in the file, with `replica` or `replicas`. */
export type PairEntry = z.infer<typeof pairSchema>;
/** A pair with the one replica that is worked on. */
export interface PairConfig extends PairEntry {
  replica: ServerConfig;
}
export type ServerConfig = z.infer<typeof serverSchema>;
/** A server to restore into: a ServerConfig and its tools. */
export type TargetConfig = z.infer<typeof targetSchema>;
export type StoreConfig = z.infer<typeof storeSchema>;
/** Where a password comes from: at most one of the four. */
export type PasswordConfig = Pick<
  ServerConfig,
  'password' | 'passwordFile' | 'passwordEnv' | 'passwordCommand'
>;
/** TLS with files and names of its own. */
export type TlsConfig = Exclude<ServerConfig['tls'], boolean | undefined>;
