import { z } from 'zod';
import { count, duration, path, size, text, url, zone } from './fields.js';

const objectLockSchema = z.strictObject({
  mode: z
    .enum(['governance', 'compliance'])
    .describe('Who may shorten the lock: some (governance) or nobody (compliance).'),
  days: count(1).describe('How many days an object is locked.'),
});

const prefix = text()
  .exactOptional()
  .describe('What every key begins with; a slash is put after it. Default: nothing.');

const s3Schema = z.strictObject({
  type: z.literal('s3').describe('What the store is: an S3-compatible service.'),
  bucket: text().describe('The bucket.'),
  prefix,
  region: text().exactOptional().describe("The region. Default: the AWS configuration's."),
  endpoint: url().exactOptional().describe('The URL of a service that is not AWS.'),
  profile: text()
    .exactOptional()
    .describe(
      "The profile of the AWS configuration. Default: AWS_PROFILE, or the SDK's own order.",
    ),
  forcePathStyle: z
    .boolean()
    .default(false)
    .describe('Put the bucket in the path, not in the host name, as many services need it.'),
  storageClass: text().exactOptional().describe('The storage class of the data, like STANDARD_IA.'),
  sse: z
    .enum(['AES256', 'aws:kms', 'aws:kms:dsse'])
    .exactOptional()
    .describe('The encryption the service is asked for.'),
  kmsKeyId: text().exactOptional().describe('The KMS key, with sse aws:kms.'),
  tags: z.record(z.string(), z.string()).exactOptional().describe('Tags of every object.'),
  objectLock: objectLockSchema
    .exactOptional()
    .describe('Lock every object; the bucket must have Object Lock.'),
  checksums: z
    .enum(['when-supported', 'when-required'])
    .default('when-supported')
    .describe('when-required for services that refuse the newer checksum headers.'),
  partSize: size({ min: '5MiB', max: '5GiB' })
    .exactOptional()
    .describe('The size of an uploaded part. Default: grown from the estimated size.'),
  maxAttempts: count(1).exactOptional().describe('How often a request is tried.'),
});

const fileSchema = z.strictObject({
  type: z.literal('file').describe('What the store is: a directory.'),
  path: path().describe('The directory; it is made when it is not there.'),
  prefix,
});

/** Where backups go. */
export const storeSchema = z.discriminatedUnion('type', [s3Schema, fileSchema]);

/** What is kept when a store is pruned; a backup stays when any of these keeps it. */
export const retentionSchema = z.strictObject({
  keepLast: count(1).exactOptional().describe('The newest n.'),
  keepHourly: count(1).exactOptional().describe('One an hour, for n hours that have one.'),
  keepDaily: count(1).exactOptional().describe('One a day, for n days that have one.'),
  keepWeekly: count(1).exactOptional().describe('One a week, for n weeks that have one.'),
  keepMonthly: count(1).exactOptional().describe('One a month, for n months that have one.'),
  keepYearly: count(1).exactOptional().describe('One a year, for n years that have one.'),
  keepWithin: duration({ min: '1s' })
    .exactOptional()
    .describe('All that are at most so much older than the newest.'),
  zone: zone().default('UTC').describe('The time zone in which days, weeks and months begin.'),
  profile: text()
    .exactOptional()
    .describe(
      "The profile of the AWS configuration that prune works with, and may delete. Default: the store's.",
    ),
});
