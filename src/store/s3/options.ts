/** Where an S3 store lies and what its objects get. Everything but the bucket has a default. */
export interface S3Options {
  bucket: string;
  /** What every key begins with; a slash is put after it. */
  prefix?: string;
  /** Default: what the AWS configuration says, or `us-east-1` when there is an endpoint. */
  region?: string;
  /** URL of a service that is not AWS. */
  endpoint?: string;
  /** Bucket in the path and not in the host name. */
  forcePathStyle?: boolean;
  /** Of the AWS configuration; goes before credentials in the environment. */
  profile?: string;
  storageClass?: string;
  /** Encryption the service is asked for. */
  sse?: 'AES256' | 'aws:kms' | 'aws:kms:dsse';
  kmsKeyId?: string;
  tags?: Record<string, string>;
  /** Locks every object from its first moment. */
  objectLock?: { mode: 'governance' | 'compliance'; days: number };
  /** `when-required` for services that refuse the newer checksum headers. */
  checksums?: 'when-supported' | 'when-required';
  /** Bytes of the first parts of an upload; also what a body must have to be sent in parts. */
  partSize?: number;
  /** How often a request is tried before it fails. */
  maxAttempts?: number;
  /** For tests only; otherwise the SDK's chain finds them, and renews them. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** How long a store waits. Tests choose shorter times; the defaults outlive two minutes of outage. */
export interface Patience {
  /** How often a request is tried that fails in a way that may pass. */
  attempts: number;
  /** The same where nothing answers at all: refused, no route, no such host. */
  unreachable: number;
  /** Milliseconds before the second try; doubles from try to try. */
  firstDelay: number;
  /** Milliseconds it grows to. */
  longestDelay: number;
  /** Milliseconds until a connection has to stand. */
  connect: number;
  /** Milliseconds without a byte in either direction after which a request is given up and tried again. */
  silence: number;
  /** Milliseconds that cleaning up after a write that failed may take. */
  cleanUp: number;
}

/**
 * Fifteen tries are spread over 137 to 172 seconds when a service refuses at once, and take 10
 * minutes when it accepts and then says nothing. Ten tries at a closed door take about a minute.
 */
export const defaultPatience: Patience = {
  attempts: 15,
  unreachable: 10,
  firstDelay: 250,
  longestDelay: 20_000,
  connect: 10_000,
  silence: 30_000,
  cleanUp: 15_000,
};

/** The least that S3 allows: parts are memory, and stay that small for the first 22 GiB of an upload. */
export const defaultPartSize = 5 * 1024 * 1024;
