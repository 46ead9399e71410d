import type { BackupObject } from '../../../src/runs/index.ts';
import type { OfBackup } from './source-step.ts';
import { sourceStep } from './source-step.ts';
import { alreadyThere, upload } from './upload.ts';

/** The platform file, as this worker read it. It holds no secret, only where secrets are. */
export const storePlatformFile = sourceStep<OfBackup>({
  name: 'archive.store-platform-file',
  about: ({ opened }, { keys }) => ({
    list: 'platform-file',
    prefixes: [`${keys.ownMetadata(opened.backupId)}platform.yaml`],
    what: 'the platform file',
  }),
  read: async function* ({ opened: { backupId } }, reading) {
    const key = `${reading.access.keys.ownMetadata(backupId)}platform.yaml`;
    const place = { key, role: 'platform' as const, backupId };
    const there = await alreadyThere(reading, place);
    if (there) return void (yield there);
    const text = reading.access.platformText();
    const content = (async function* () {
      yield Buffer.from(text, 'utf8');
    })();
    const about = { source: { kind: 'platform-file' as const }, encoding: 'identity' as const };
    const readAt = new Date().toISOString();
    yield (await upload(reading, place, content, 'identity', async () => ({ ...about, readAt }))) as BackupObject;
  },
});
