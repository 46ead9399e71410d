import type { RecoveryAccess, StoreOptions } from '../activities/archive/recovery/access.ts';
import { recoveryAccess } from '../activities/archive/recovery/connect.ts';
import type { ObjectStore } from '../src/drivers/s3/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import { clickhouseClusters } from './clickhouse.ts';
import type { WorkerContext } from './context.ts';
import { redisGroups } from './redis.ts';

/** How a worker restores the archives of its platform file. `store`: a connection to the bucket of one. */
export function recoveries(
  context: WorkerContext,
  store: (archive: string, options?: StoreOptions) => ObjectStore,
): (name: string) => RecoveryAccess {
  const { platform, env, wrapDriver } = context;
  const clusters = clickhouseClusters(context);
  const groups = redisGroups(context);
  return (name) => {
    const access = recoveryAccess(name, {
      platform: platform.platform,
      secret: (ref) => resolveSecret(ref, env),
      store,
      server: (cluster, node, options) => clusters(cluster).connect(node, options),
      group: groups,
    });
    return {
      ...access,
      staging: async (options) => wrapDriver('staging', await access.staging(options)),
      stagingRedis: async (options) => wrapDriver('staging-redis', await access.stagingRedis(options)),
      primary: async (group, options) => wrapDriver('primary', await access.primary(group, options)),
    };
  };
}
