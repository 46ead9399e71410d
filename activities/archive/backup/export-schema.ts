import type { BackupObject } from '../../../src/runs/index.ts';
import { asStep, serversOf, withServer } from '../../clickhouse/access/access.ts';
import type { OfBackup } from './source-step.ts';
import { sourceStep } from './source-step.ts';
import { alreadyThere, keyPart, upload } from './upload.ts';

type ExportSchema = OfBackup & { cluster: string };

/** Every table and view of a cluster as its first server would make it again: a line of JSON each. */
export const exportSchema = sourceStep<ExportSchema>({
  name: 'archive.export-schema',
  about: ({ opened, cluster }, { keys }) => ({
    list: `schema/${keyPart(cluster)}`,
    prefixes: [`${keys.ownMetadata(opened.backupId)}schema/${keyPart(cluster)}.`],
    what: `the schema of ${cluster}`,
  }),
  read: async function* ({ opened, cluster }, reading) {
    const { deps, context, access: archive } = reading;
    const { backupId } = opened;
    const key = `${archive.keys.ownMetadata(backupId)}schema/${keyPart(cluster)}.ndjson.gz`;
    const place = { key, role: 'schema' as const, backupId };
    const there = await alreadyThere(reading, place);
    if (there) return void (yield there);
    const access = await deps.clusters(cluster);
    const [first = ''] = serversOf(access, 1);
    const readAt = new Date().toISOString();
    const objects = await withServer(access, first, (node) => node.objects(), asStep(context));
    const lines = (async function* () {
      for (const object of objects) yield Buffer.from(`${JSON.stringify(object)}\n`, 'utf8');
    })();
    const source = { kind: 'clickhouse-schema' as const, cluster };
    const made = await upload(reading, place, lines, 'gzip', async () => ({ source, encoding: 'gzip', readAt }));
    yield made as BackupObject;
  },
});
