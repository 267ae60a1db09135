import { GetBucketLifecycleConfigurationCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { probeStore, runChecks } from '../probe.js';
import type { ProbeResult, Store } from '../store.js';
import { faultOf } from './errors.js';
import { call, type Remote } from './remote.js';
import { unfinishedUploads } from './uploads.js';

/** What `probeStore` tries, with an object of two parts; before it the bucket, after it its rules. */
export async function probeS3(
  remote: Remote,
  storeOn: (remote: Remote) => Store,
): Promise<ProbeResult[]> {
  const reached = await runChecks([['reach', () => reach(remote)]]);
  if (reached.some(({ status }) => status === 'fail')) return reached;
  const tried = await probeStore(storeOn(remote), remote.partSize + 1024);
  if (tried.some(({ status }) => status === 'fail')) return [...reached, ...tried];
  return [
    ...reached,
    ...tried,
    ...(await runChecks([['unfinished uploads', () => leftovers(remote)]])),
    ...(await runChecks([['lifecycle', () => lifecycle(remote)]])),
  ];
}

async function reach(remote: Remote): Promise<string> {
  await call(remote, { action: 'list', key: '' }, (client, options) =>
    client.send(new HeadBucketCommand({ Bucket: remote.bucket }), options),
  );
  return `${remote.url} answers`;
}

async function leftovers(remote: Remote): Promise<string | { warn: string }> {
  const { length } = await unfinishedUploads(remote, '');
  if (length === 0) return 'none';
  return {
    warn: `${length} in ${remote.url}: of a run that goes on now, or of one that died; the next backup ends those of its pair.`,
  };
}

async function lifecycle(remote: Remote): Promise<string | { warn: string }> {
  const advice =
    'add a lifecycle rule with AbortIncompleteMultipartUpload, so that parts of a run that died are not paid for until the next one.';
  try {
    const { Rules = [] } = await call(remote, { action: 'read', key: '' }, (client, options) =>
      client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: remote.bucket }), options),
    );
    const rule = Rules.find(
      ({ Status, AbortIncompleteMultipartUpload, Filter }) =>
        Status === 'Enabled' &&
        AbortIncompleteMultipartUpload !== undefined &&
        remote.prefix.startsWith(Filter?.Prefix ?? ''),
    );
    const days = rule?.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    if (days !== undefined) return `unfinished uploads are removed after ${days} days`;
    return { warn: `No rule of bucket ${remote.bucket} removes unfinished uploads: ${advice}` };
  } catch (error) {
    const fault = faultOf(error);
    if (fault?.name === 'NoSuchLifecycleConfiguration')
      return {
        warn: `Bucket ${remote.bucket} has no rule that removes unfinished uploads: ${advice}`,
      };
    if (fault !== null && fault.status >= 400) return 'the rules of the bucket cannot be read';
    throw error;
  }
}
