import { z } from 'zod';
import { count, name, path, text, zone } from '../config/fields.js';
import { publishedSchema, type JsonSchema } from '../config/json-schema.js';
import { parseDuration } from '../config/units.js';
import { refuseCron } from './times.js';

// A duration that goes on to our own command line as it was written.
const durationText = () =>
  text().refine((value) => parseDuration(value) !== null, 'expected a duration like 10m or 14d');

const options = {
  backup: z
    .strictObject({
      label: name().exactOptional().describe("The backup's label. Default: the schedule's name."),
    })
    .prefault({}),
  snapshot: z
    .strictObject({
      label: name().exactOptional().describe("The backup's label. Default: the schedule's name."),
      keep: durationText().exactOptional().describe('How long prune must not remove it.'),
      wait: durationText().exactOptional().describe('How long the replica may take to catch up.'),
    })
    .prefault({}),
  drill: z
    .strictObject({
      backup: text().default('latest').describe('An id, a label, or latest.'),
      catchUp: z
        .boolean()
        .exactOptional()
        .describe('Also follow the source. Default: drill.catchUp.'),
      target: name().exactOptional().describe('A target to restore into, in place of a sandbox.'),
      parallel: count(1).exactOptional().describe('Clients at once.'),
      report: path().exactOptional().describe('Write the page here; {pair} stands for the pair.'),
    })
    .prefault({}),
  prune: z.strictObject({}).prefault({}),
  report: z.strictObject({
    output: path().describe('Write the page here; {pair} stands for the pair.'),
  }),
};

const what = {
  backup: 'Takes a backup.',
  snapshot: 'Takes the backup before a migration: it holds all that was committed before it began.',
  drill: 'Restores a backup into a throwaway server and compares.',
  prune: 'Removes the backups that retention does not keep.',
  report: 'Makes the page of backups and drills.',
};

function kind<A extends keyof typeof options>(action: A, pairs: readonly string[] | null) {
  return z.strictObject({
    description: text().exactOptional().describe('What it is for, in a few words.'),
    cron: z
      .string()
      .superRefine((value, context) => {
        const why = refuseCron(value);
        if (why !== null) context.addIssue(why);
      })
      .exactOptional()
      .describe(
        'When: minute, hour, day, month, weekday. Without it the schedule runs by hand only.',
      ),
    zone: zone().default('UTC').describe('The time zone of cron.'),
    action: z.literal(action).describe(what[action]),
    pair: text()
      .superRefine((value, context) => {
        if (pairs === null || value === 'all' || pairs.includes(value)) return;
        context.addIssue({
          code: 'custom',
          message: `no pair "${value}" in the configuration`,
          params: { known: [...pairs, 'all'] },
          input: value,
        });
      })
      .default('all')
      .describe('A pair of the configuration, or all: one after the other.'),
    enabled: z.boolean().default(true).describe('false: it is neither started nor rendered.'),
    options: options[action].describe('More for the action.') as (typeof options)[A],
  });
}

/** The file of one schedule. `pairs` are those of the configuration, null when it is not known. */
export function scheduleSchema(pairs: readonly string[] | null) {
  return z.discriminatedUnion('action', [
    kind('backup', pairs),
    kind('snapshot', pairs),
    kind('drill', pairs),
    kind('prune', pairs),
    kind('report', pairs),
  ]);
}

/** Published as `docs/schedule.schema.json`. */
export function scheduleJsonSchema(): JsonSchema {
  return publishedSchema(scheduleSchema(null));
}

export type ScheduleFile = z.infer<ReturnType<typeof scheduleSchema>>;
