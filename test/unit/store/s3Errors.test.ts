import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { faultOf, isConflict, isMissing, s3Failure } from '../../../src/store/s3/errors.js';

const aim = {
  action: 'write',
  url: 's3://backups/prod/key',
  bucket: 'backups',
  endpoint: 'http://minio:9000',
} as const;

/** As the SDK throws it: a name and a status, or a code of the network. */
const thrown = (name: string, httpStatusCode?: number) =>
  Object.assign(
    new Error('said so'),
    httpStatusCode ? { name, $metadata: { httpStatusCode } } : { code: name },
  );

describe('s3Failure', () => {
  it.each([
    ['NoSuchBucket', 404, 'no', 'no bucket backups at http://minio:9000', 'aws s3 mb s3://backups'],
    ['AccessDenied', 403, 'no', 'may not write s3://backups/prod/key', 's3:PutObject'],
    ['403', 403, 'no', 'may not write s3://backups/prod/key', 's3:PutObject'],
    [
      'InvalidAccessKeyId',
      403,
      'no',
      'http://minio:9000 does not know the access key',
      'aws configure list',
    ],
    [
      'SignatureDoesNotMatch',
      403,
      'no',
      'http://minio:9000 refuses the secret key',
      'aws configure list',
    ],
    [
      'ExpiredToken',
      400,
      'no',
      'the credentials for s3://backups/prod/key have expired',
      'aws sso login',
    ],
    ['RequestTimeTooSkewed', 403, 'no', 'the clock of this machine differs', 'timedatectl'],
    ['PermanentRedirect', 301, 'no', 'bucket backups is not in the region', 'get-bucket-location'],
    [
      'ENOTFOUND',
      undefined,
      'unreachable',
      'cannot find the host of http://minio:9000',
      'endpoint',
    ],
    ['ECONNREFUSED', undefined, 'unreachable', 'nothing answers at http://minio:9000', 'endpoint'],
    ['ECONNRESET', undefined, 'yes', 'http://minio:9000 broke the connection', 'proxy'],
    ['TimeoutError', undefined, 'yes', 'http://minio:9000 does not answer in time', 'network'],
    [
      'CERT_HAS_EXPIRED',
      undefined,
      'no',
      'the certificate of http://minio:9000',
      'NODE_EXTRA_CA_CERTS',
    ],
    ['InternalError', 500, 'yes', 'cannot write s3://backups/prod/key: InternalError: said so', ''],
    ['SlowDown', 503, 'yes', 'cannot write', ''],
    ['TooManyRequests', 429, 'yes', 'cannot write', ''],
    ['RequestTimeout', 400, 'yes', 'cannot write', ''],
    ['408', 408, 'yes', 'cannot write', ''],
    ['NotImplemented', 501, 'no', 'cannot write', ''],
    ['Odd', 418, 'no', 'cannot write', ''],
  ])('explains %s %s', (name, status, again, message, hint) => {
    const error = s3Failure(thrown(name, status), aim);
    expect(error.code).toBe('failed');
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/^[a-z]/);
    expect(error.hint ?? '').toContain(hint);
    expect(faultOf(error)).toMatchObject({ name, again, status: status ?? 0 });
  });

  it('tries again once the SDK has set its clock', () => {
    const skewed = Object.assign(new Error('late'), {
      name: 'RequestTimeTooSkewed',
      $metadata: { httpStatusCode: 403, clockSkewCorrected: true },
    });
    expect(faultOf(s3Failure(skewed, aim))?.again).toBe('yes');
  });

  it('keeps nothing of the request', () => {
    const refused = Object.assign(new Error('The request signature does not match'), {
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
      CanonicalRequest: 'x-amz-security-token:FwoGZXIvYXdzEHc',
      $response: { headers: { authorization: 'Credential=AKIA/FwoGZXIvYXdzEHc' } },
    });
    const error = s3Failure(refused, aim);
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('FwoGZXIvYXdzEHc');
  });

  it('takes anything that is thrown', () => {
    expect(s3Failure('text', aim).message).toBe('cannot write s3://backups/prod/key: Error: text');
    expect(s3Failure(null, aim).message).toContain('cannot write');
    const ours = s3Failure(thrown('SlowDown', 503), aim);
    expect(s3Failure(ours, aim)).toBe(ours);
  });
});

it('tells what is missing and what conflicts', () => {
  expect(isMissing(s3Failure(thrown('NotFound', 404), aim))).toBe(true);
  expect(isMissing(s3Failure(thrown('NoSuchBucket', 404), aim))).toBe(false);
  expect(isConflict(s3Failure(thrown('PreconditionFailed', 412), aim))).toBe(true);
  expect(isConflict(s3Failure(thrown('ConditionalRequestConflict', 409), aim))).toBe(true);
  expect(isConflict(new Error('PreconditionFailed'))).toBe(false);
  expect(faultOf(new Error('x', { cause: new Error('y') }))).toBeNull();
});
