import type { ManifestSigner } from '../../../src/drivers/manifest/index.ts';
import { manifestSigner } from '../../../src/drivers/manifest/index.ts';
import type { ObjectStore, S3ConnectOptions, S3Credentials } from '../../../src/drivers/s3/index.ts';
import { connectS3 } from '../../../src/drivers/s3/index.ts';
import type { Archive, ArchivedTable, SecretRef } from '../../../src/platform/index.ts';
import type { PayloadStore } from '../../../src/runs/index.ts';
import { archiveKeys } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';
import type { ClickHouseClusterAccess } from '../../clickhouse/access/access.ts';
import type { RedisGroupAccess } from '../../redis/access/access.ts';

/** An archive as the worker reaches it. */
export type ArchiveAccess = {
  name: string;
  config: Archive;
  /** Where it keeps what. */
  keys: ReturnType<typeof archiveKeys>;
  /** Every table that it holds. */
  tables: readonly ArchivedTable[];
  /** By age, what the object store does with the objects of its bucket: `storage.buckets` of the platform file. */
  ageRules: readonly { afterMs: number; to: string; versions: 'all' | 'noncurrent' }[];
  /** A connection to its bucket; the caller closes it. @throws SECRET_NOT_FOUND */
  store: (options?: Pick<S3ConnectOptions, 'signal' | 'beforeChange'>) => ObjectStore;
  /** @throws ARCHIVE_KEY_UNUSABLE, SECRET_NOT_FOUND */
  signer: () => ManifestSigner;
  /** The platform file, as the worker read it at its start. */
  platformText: () => string;
};

/** What every archive step is given. */
export type ArchiveDeps = {
  /** @throws ARCHIVE_UNKNOWN */
  archives: (name: string) => ArchiveAccess;
  /** @throws CLICKHOUSE_UNKNOWN_CLUSTER */
  clusters: (name: string) => ClickHouseClusterAccess | Promise<ClickHouseClusterAccess>;
  /** @throws REDIS_UNKNOWN_GROUP */
  groups: (name: string) => RedisGroupAccess | Promise<RedisGroupAccess>;
  payloads: PayloadStore;
  log: Logger;
};

/** An archive of the platform file → access to it. `secret` reads what the file only points to. */
export function archiveAccess(
  name: string,
  config: Archive,
  given: {
    tables: readonly ArchivedTable[];
    ageRules: ArchiveAccess['ageRules'];
    platformText: string;
    secret: (ref: SecretRef) => string;
  },
): ArchiveAccess {
  const { secret } = given;
  return {
    name,
    config,
    keys: archiveKeys(config.prefix),
    tables: given.tables,
    ageRules: given.ageRules,
    store: (options) => {
      const { bucket, region, endpoint, forcePathStyle, transfer } = config;
      const { concurrency, requestsPerSecond, partBytes } = transfer;
      const at = { bucket, region, forcePathStyle, ...(endpoint === undefined ? {} : { endpoint }) };
      return connectS3(at, credentialsOf(config, secret), { ...options, concurrency, requestsPerSecond, partBytes });
    },
    signer: () => {
      const { keyId, privateKey, publicKeys } = config.signing;
      return manifestSigner(keyId, secret(privateKey), publicKeys);
    },
    platformText: () => given.platformText,
  };
}

function credentialsOf({ credentials }: Archive, secret: (ref: SecretRef) => string): S3Credentials | undefined {
  if (!credentials) return undefined;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    accessKeyId: secret(accessKeyId),
    secretAccessKey: secret(secretAccessKey),
    ...(sessionToken === undefined ? {} : { sessionToken: secret(sessionToken) }),
  };
}

/** A connection to the bucket for as long as `use` runs; it ends with the step, and a worker that was outlived changes nothing. */
export async function withStore<T>(
  access: ArchiveAccess,
  context: Pick<StepContext, 'signal'> & Partial<Pick<StepContext, 'mustBeOurs'>>,
  use: (store: ObjectStore) => Promise<T>,
): Promise<T> {
  const { signal, mustBeOurs } = context;
  const store = access.store({ signal, ...(mustBeOurs ? { beforeChange: mustBeOurs } : {}) });
  try {
    return await use(store);
  } finally {
    store.close();
  }
}
