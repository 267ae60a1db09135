import { z } from 'zod';
import { command, duration, path, text, url } from './fields.js';

// URLs of notifications hold their secret in the path, hence the same ways around the file that
// passwords have.

const aUrl = 'expected a URL like https://…';

const sourceKeys = {
  url: url().exactOptional().describe('The URL. {pair} and {action} in it are replaced.'),
  urlFile: path().exactOptional().describe('A file that holds the URL, and nothing else.'),
  urlEnv: text().exactOptional().describe('The environment variable that holds the URL.'),
};

interface UrlKeys {
  url?: string;
  urlFile?: string;
  urlEnv?: string;
}

const countOf = ({ url: plain, urlFile, urlEnv }: UrlKeys): number =>
  [plain, urlFile, urlEnv].filter((one) => one !== undefined).length;
const exactlyOne = (keys: UrlKeys) => countOf(keys) === 1;
const oneOfThem = 'expected one of url, urlFile, urlEnv';

const endpoint = () =>
  z.union([url(), z.strictObject(sourceKeys).refine(exactlyOne, oneOfThem)], { error: aUrl });

const heartbeatSchema = z.union(
  [
    url(),
    z
      .strictObject({
        ...sourceKeys,
        backup: endpoint().exactOptional().describe('The check of nightly backups.'),
        snapshot: endpoint().exactOptional().describe('The check of snapshots.'),
        drill: endpoint().exactOptional().describe('The check of drills.'),
        prune: endpoint().exactOptional().describe('The check of prune.'),
      })
      .refine((keys) => countOf(keys) <= 1 && Object.keys(keys).length > 0, oneOfThem),
  ],
  { error: aUrl },
);

const headerSchema = z.union(
  [
    text(),
    z.strictObject({ file: path().describe('A file that holds the value.') }),
    z.strictObject({ env: text().describe('The environment variable that holds the value.') }),
  ],
  { error: 'expected a text, or one of file, env' },
);

const webhookSchema = z.union(
  [
    url(),
    z
      .strictObject({
        ...sourceKeys,
        format: z
          .enum(['json', 'slack'])
          .default('json')
          .describe('The result document, or a message for Slack and what takes the same.'),
        headers: z
          .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'expected a header name'), headerSchema)
          .default({})
          .describe('More headers, each a text, { file } or { env }.'),
        on: z.enum(['always', 'failure']).default('always').describe('Which outcomes are sent.'),
      })
      .refine(exactlyOne, oneOfThem),
  ],
  { error: aUrl },
);

/** Who is told how a run ended. A pair's own keys win over those of the whole file. */
export const notifySchema = z.strictObject({
  heartbeat: heartbeatSchema
    .exactOptional()
    .describe(
      'A check in the form of healthchecks.io: called at the start, after success, and with the log after a failure. One URL is for backups only, unless it has {action} in it.',
    ),
  webhook: webhookSchema.exactOptional().describe('A URL that every outcome is sent to.'),
  command: command()
    .exactOptional()
    .describe('A program that gets every outcome as JSON on its standard input.'),
  metricsFile: path()
    .exactOptional()
    .describe('A file of metrics for the Prometheus node exporter.'),
  timeout: duration({ min: '100ms', max: '5m' })
    .exactOptional()
    .describe('How long each of them may take. Default: 10s.'),
});

export type NotifyConfig = z.infer<typeof notifySchema>;
/** Where a URL comes from. */
export type UrlSource = z.infer<ReturnType<typeof endpoint>>;
export type HeaderSource = z.infer<typeof headerSchema>;
