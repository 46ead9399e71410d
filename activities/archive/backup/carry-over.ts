import { storedObjects } from '../../../src/drivers/manifest/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { BackupSource } from '../../../src/runs/index.ts';
import { carries } from './carries.ts';
import type { OfBackup } from './source-step.ts';
import { sourceStep } from './source-step.ts';

/** What is read now, by the names of `sourceName`; everything else is carried over. */
type CarryOver = OfBackup & { read: readonly string[] };

/** Takes what is not read this time over from the newest backup, as it is there. */
export const carryOver = sourceStep<CarryOver>({
  name: 'archive.carry-over',
  about: () => ({ list: 'carried', prefixes: [], what: 'what is not read this time' }),
  read: async function* ({ opened, read }, { store, deps }) {
    if (!opened.previous) return;
    for await (const object of storedObjects(deps.payloads, opened.previous.objects)) {
      if (read.includes(sourceName(object.source))) continue;
      if (!(await carries(store, object))) {
        const message = `${object.key} (version ${object.versionId}) is not there as ${opened.previous.backupId} says`;
        throw new GantryError('ARCHIVE_OBJECT_CHANGED', message, { evidence: { key: object.key } });
      }
      yield object;
    }
  },
});

/** What a step reads as a whole: a shard of a table, a group, a schema, the platform file. */
export function sourceName(source: BackupSource): string {
  switch (source.kind) {
    case 'clickhouse':
      return `clickhouse/${source.cluster}/${source.table}/${source.shard}`;
    case 'clickhouse-schema':
      return `schema/${source.cluster}`;
    case 'redis':
      return `redis/${source.group}`;
    case 'platform-file':
      return 'platform-file';
  }
}
