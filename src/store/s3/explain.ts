import type { Aim, Fault } from './errors.js';

interface Explanation {
  message: string;
  hint: string;
}
type Explain = (aim: Aim, fault: Fault) => Explanation;

/** What an error of a service means to the person who set it up; null for one we know nothing of. */
export function explain(aim: Aim, fault: Fault): Explanation | null {
  const known = byName[fault.name] ?? byStatus[fault.status];
  return known?.(aim, fault) ?? null;
}

const noCredentials: Explain = ({ url }) => ({
  message: `no credentials for ${url}`,
  hint: 'Give them as to any AWS program: AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws/credentials or a role.',
});
const expired: Explain = ({ url }) => ({
  message: `the credentials for ${url} have expired`,
  hint: 'Log in again (aws sso login), or use a role or profile whose credentials renew themselves.',
});
const skewed: Explain = ({ endpoint }) => ({
  message: `the clock of this machine differs too much from that of ${endpoint}`,
  hint: 'Set the clock; see how far it is off with: timedatectl timesync-status',
});
const elsewhere: Explain = ({ bucket, endpoint }) => ({
  message: `bucket ${bucket} is not in the region of ${endpoint}`,
  hint: `Set the store's region to what this says: aws s3api get-bucket-location --bucket ${bucket}`,
});
const denied: Explain = ({ action, url }) => ({
  message: `may not ${action} ${url}`,
  hint: `Allow ${permissions[action]} to these credentials, and see who they are: aws sts get-caller-identity`,
});
const noHost: Explain = ({ endpoint }) => ({
  message: `cannot find the host of ${endpoint}`,
  hint: "Check the store's endpoint and region, and this machine's name server.",
});
const silent: Explain = ({ endpoint }) => ({
  message: `${endpoint} does not answer in time`,
  hint: 'Look at the network between this machine and it, and at a proxy in between.',
});
const broken: Explain = ({ endpoint, action, url }) => ({
  message: `${endpoint} broke the connection, again and again, to ${action} ${url}`,
  hint: 'Look at the network between this machine and it, and at a proxy in between.',
});
const untrusted: Explain = ({ endpoint }, { name }) => ({
  message: `the certificate of ${endpoint} is not trusted (${name})`,
  hint: 'Name the file with its authority in the environment: NODE_EXTRA_CA_CERTS=/etc/ssl/our-ca.pem',
});
const full: Explain = ({ endpoint }) => ({
  message: `${endpoint} has no space left`,
  hint: 'Free space there, or see what can go with: stillpoint prune --dry-run',
});

const permissions = {
  read: 's3:GetObject',
  write: 's3:PutObject and s3:AbortMultipartUpload',
  list: 's3:ListBucket and s3:ListBucketMultipartUploads',
  remove: 's3:DeleteObject',
} as const;

const byName: Partial<Record<string, Explain>> = {
  NoSuchBucket: ({ bucket, endpoint }) => ({
    message: `no bucket ${bucket} at ${endpoint}`,
    hint: `Check the store's bucket and endpoint, or make it: aws s3 mb s3://${bucket}`,
  }),
  InvalidAccessKeyId: ({ endpoint }) => ({
    message: `${endpoint} does not know the access key`,
    hint: 'See which one is used, and from where: aws configure list',
  }),
  SignatureDoesNotMatch: ({ endpoint }) => ({
    message: `${endpoint} refuses the secret key`,
    hint: 'See which credentials are used, and from where: aws configure list',
  }),
  CredentialsProviderError: noCredentials,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: expired,
  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  PermanentRedirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  AccessDenied: denied,
  Forbidden: denied,
  ECONNREFUSED: ({ endpoint }) => ({
    message: `nothing answers at ${endpoint}`,
    hint: "Check the store's endpoint, and that the service runs.",
  }),
  ENOTFOUND: noHost,
  EAI_AGAIN: noHost,
  TimeoutError: silent,
  ETIMEDOUT: silent,
  ECONNRESET: broken,
  EPIPE: broken,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: untrusted,
  XMinioStorageFull: full,
  QuotaExceeded: full,
};

// A HEAD is answered without a body, so without the name of what is wrong.
const byStatus: Partial<Record<number, Explain>> = { 301: elsewhere, 403: denied, 507: full };
