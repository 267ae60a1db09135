import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { createRequire } from 'node:module';
import { waitFor } from '../../src/util/wait.js';
import { freePort, type S3Place } from '../rig/index.js';

/** Starts a small S3 service from npm that keeps its objects in a folder; the tests use a stricter one. */
export async function startS3rver(
  directory: string,
): Promise<S3Place & { stop: () => Promise<void> }> {
  const port = await freePort();
  const script = createRequire(import.meta.url).resolve('s3rver/bin/s3rver.js');
  const args = ['-d', directory, '-a', '127.0.0.1', '-p', String(port), '--silent'];
  // It makes the tokens of listings longer than a page by a cipher that OpenSSL 3 calls legacy.
  const program = ['--openssl-legacy-provider', script, ...args];
  const service = execa(process.execPath, program, { reject: false, stdio: 'ignore' });
  const place = {
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
    bucket: 'backups',
    region: 'us-east-1',
  };
  const { endpoint, region } = place;
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: place });
  const create = async () =>
    await client.send(new CreateBucketCommand({ Bucket: place.bucket })).catch(() => null);
  const made = await waitFor(create, { within: 30 });
  client.destroy();
  const stop = async (): Promise<void> => {
    service.kill('SIGKILL');
    await service;
  };
  if (made) return { ...place, stop };
  await stop();
  throw new Error('the S3 service does not answer');
}
