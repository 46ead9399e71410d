import type { LifecycleRule as Rule } from '@aws-sdk/client-s3';
import {
  DeleteBucketLifecycleCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
} from '@aws-sdk/client-s3';
import type { LifecycleRule } from '../../runs/index.ts';
import { s3NameOf } from './errors.ts';
import type { S3Session } from './session.ts';
import type { ObjectStore } from './types.ts';

/** The verbs over the bucket itself. */
export function bucketVerbs(
  session: S3Session,
): Pick<ObjectStore, 'versioning' | 'objectLock' | 'lifecycle' | 'putLifecycle'> {
  const { client, bucket } = session;
  const at = { Bucket: bucket };
  return {
    versioning: async () => {
      const { Status } = await session.send({ request: `GET ${bucket} (versioning)`, read: true }, (abortSignal) =>
        client.send(new GetBucketVersioningCommand(at), { abortSignal }),
      );
      return Status === 'Enabled' ? 'enabled' : Status === 'Suspended' ? 'suspended' : 'off';
    },
    objectLock: async () => {
      try {
        const { ObjectLockConfiguration: lock } = await session.send(
          { request: `GET ${bucket} (object lock)`, read: true },
          (abortSignal) => client.send(new GetObjectLockConfigurationCommand(at), { abortSignal }),
        );
        return lock?.ObjectLockEnabled === 'Enabled';
      } catch (error) {
        if (s3NameOf(error) === 'ObjectLockConfigurationNotFoundError') return false;
        throw error;
      }
    },
    lifecycle: async () => {
      try {
        const { Rules } = await session.send({ request: `GET ${bucket} (lifecycle)`, read: true }, (abortSignal) =>
          client.send(new GetBucketLifecycleConfigurationCommand(at), { abortSignal }),
        );
        return (Rules ?? []).map(ruleOf);
      } catch (error) {
        if (s3NameOf(error) === 'NoSuchLifecycleConfiguration') return [];
        throw error;
      }
    },
    putLifecycle: async (rules) => {
      const request = `PUT ${bucket} (lifecycle)`;
      // A document without rules is refused.
      await session.send({ request }, (abortSignal) =>
        rules.length === 0
          ? client.send(new DeleteBucketLifecycleCommand(at), { abortSignal })
          : client.send(
              new PutBucketLifecycleConfigurationCommand({
                ...at,
                LifecycleConfiguration: { Rules: rules.map(({ raw }) => raw as Rule) },
              }),
              { abortSignal },
            ),
      );
    },
  };
}

function ruleOf(raw: Rule): LifecycleRule {
  const { Expiration, NoncurrentVersionExpiration: noncurrent } = raw;
  return {
    id: raw.ID ?? '',
    enabled: raw.Status === 'Enabled',
    // The old form has it beside the filter, which may also combine it with tags and sizes.
    prefix: raw.Filter?.Prefix ?? raw.Filter?.And?.Prefix ?? raw.Prefix,
    transitions: (raw.Transitions ?? []).map(({ Days, StorageClass }) => ({
      days: Days ?? 0,
      storageClass: StorageClass ?? '',
    })),
    ...(Expiration?.Days === undefined ? {} : { expirationDays: Expiration.Days }),
    ...(noncurrent?.NoncurrentDays === undefined ? {} : { noncurrentExpirationDays: noncurrent.NoncurrentDays }),
    raw,
  };
}
