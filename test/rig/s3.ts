import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { waitFor } from '../../src/util/wait.js';
import { freePort, tied } from './server.js';

/** How to reach the rig's S3 service. */
export interface S3Place {
  endpoint: string;
  accessKeyId: string;
  secretAccessKey: string;
  bucket: string;
  region: string;
}

/** Starts moto, which knows conditional writes, aborts of uploads and Object Lock; makes a bucket. */
export async function startS3(command: string[]): Promise<S3Place & { stop: () => Promise<void> }> {
  const port = await freePort();
  const [file, args] = tied([...command, '-H', '127.0.0.1', '-p', String(port)]);
  const service = execa(file, args, {
    reject: false,
    stdin: 'ignore',
    env: { S3_IGNORE_SUBDOMAIN_BUCKETNAME: 'true', LC_ALL: 'C.UTF-8' },
    stdout: 'ignore',
    stderr: 'ignore',
  });
  const place = {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'rig-key',
    secretAccessKey: 'rig-secret-access-key',
    bucket: 'backups',
    region: 'us-east-1',
  };
  const client = new S3Client({
    endpoint: place.endpoint,
    region: place.region,
    forcePathStyle: true,
    credentials: place,
  });
  const create = async () =>
    await client.send(new CreateBucketCommand({ Bucket: place.bucket })).catch(() => null);
  const made = await waitFor(create, { within: 60 });
  client.destroy();
  const stop = async (): Promise<void> => {
    service.kill('SIGKILL');
    await service;
  };
  if (!made) {
    await stop();
    throw new Error('the S3 service does not answer');
  }
  return { ...place, stop };
}
