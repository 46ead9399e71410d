import type { ArchiveAccess } from '../activities/archive/access/access.ts';
import { archiveAccess } from '../activities/archive/access/access.ts';
import { archivedTables, archiveOf } from '../src/platform/index.ts';
import { resolveSecret } from '../src/settings/index.ts';
import type { WorkerContext } from './context.ts';

/** How a worker reaches the archives of its platform file. */
export function archives({ platform, env, wrapDriver }: WorkerContext): (name: string) => ArchiveAccess {
  return (name) => {
    const config = archiveOf(platform.platform, name);
    const access = archiveAccess(name, config, {
      tables: archivedTables(platform.platform, config),
      ageRules: platform.platform.storage.buckets[config.bucket]?.ageRules ?? [],
      platformText: platform.text,
      secret: (ref) => resolveSecret(ref, env),
    });
    return { ...access, store: (options) => wrapDriver('s3', access.store(options)) };
  };
}
