import { S3Client } from '@aws-sdk/client-s3';
import { bodyVerbs } from './bodies.ts';
import { bucketVerbs } from './bucket.ts';
import { createLimiter } from './limiter.ts';
import { objectVerbs } from './objects.ts';
import { sessionOver } from './session.ts';
import type { ObjectStore, S3Credentials, S3Endpoint } from './types.ts';

export type S3ConnectOptions = {
  /** Requests at the same time; 8 unless given. */
  concurrency?: number;
  /** 200 unless given. */
  requestsPerSecond?: number;
  /** Objects above this size are uploaded in parts of it; 64 MiB unless given. */
  partBytes?: number;
  /** For one request, a body aside; 30,000 unless given. Milliseconds. */
  timeoutMs?: number;
  /** Silence in the middle of a body after which it is given up; 30,000 unless given. Milliseconds. */
  idleMs?: number;
  /** Ends every request. */
  signal?: AbortSignal;
  /** Called right before each request that changes something; what it throws keeps the request from being sent. */
  beforeChange?: () => void;
};

const ignore = (): void => undefined;
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

/**
 * One bucket. Nothing is sent before the first verb. Without credentials those of the worker's environment are taken, as the
 * AWS SDK finds them.
 */
export function connectS3(
  { bucket, region, endpoint, forcePathStyle = false }: S3Endpoint,
  credentials: S3Credentials | undefined,
  options: S3ConnectOptions = {},
): ObjectStore {
  const { concurrency = 8, requestsPerSecond = 200, partBytes = 64 * 2 ** 20 } = options;
  const { timeoutMs = 30_000, idleMs = 30_000, signal, beforeChange } = options;
  const client = new S3Client({
    region,
    forcePathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    // It would write to the console what our own errors say.
    logger: silent,
    // The session decides what is asked again.
    maxAttempts: 1,
    // Our own SHA-256 goes beside the body and is compared at each read; the SDK's CRC trailers would change how it is sent.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: 5_000,
      httpAgent: { maxSockets: concurrency },
      httpsAgent: { maxSockets: concurrency },
    },
  });
  const session = sessionOver({
    ...{ client, bucket, partBytes, timeoutMs, idleMs, signal, beforeChange },
    limiter: createLimiter({ concurrency, perSecond: requestsPerSecond }),
  });
  return {
    bucket,
    ...objectVerbs(session),
    ...bodyVerbs(session),
    ...bucketVerbs(session),
    close: () => client.destroy(),
  };
}
