import type { BackupObject, BackupRole } from '../../../src/runs/index.ts';
import { spooling } from '../spool/spool.ts';
import type { Reading } from './source-step.ts';

/** What an object is, apart from where and as what it ends up. */
export type Described = Pick<
  BackupObject,
  'source' | 'encoding' | 'readAt' | 'rowDigest' | 'rows' | 'structure' | 'offset'
>;

/** Where it goes. */
export type Place = { key: string; role: BackupRole; backupId: string };

/** So much of an object's metadata fits (S3: 2 KB): what a retry needs to take an object that its predecessor wrote. */
const described = 'gantry-described';
const ofBackup = 'gantry-backup';

/** An object of this backup that a former attempt wrote; undefined where there is none. */
export async function alreadyThere({ store }: Reading, place: Place): Promise<BackupObject | undefined> {
  const facts = await store.head(place.key);
  const text = facts?.metadata[described];
  if (!facts?.sha256 || text === undefined || facts.metadata[ofBackup] !== place.backupId) return undefined;
  const about = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Described;
  const { versionId, size, sha256, storageClass } = facts;
  return { ...place, versionId, size, sha256, storageClass, ...about };
}

/** Spools `content`, describes it once it is whole, and writes it. */
export async function upload(
  { access, store, context }: Reading,
  place: Place,
  content: AsyncIterable<Uint8Array>,
  encoding: 'identity' | 'gzip',
  describe: (made: { sha256: string }) => Promise<Described | undefined>,
): Promise<BackupObject | undefined> {
  return spooling(access, context.unit, content, encoding, async ({ size, sha256, body }) => {
    const about = await describe({ sha256 });
    if (!about) return undefined;
    const { classes } = access.config;
    const storageClass = place.role === 'data' || place.role === 'redis' ? classes.data : classes.metadata;
    const metadata = {
      [ofBackup]: place.backupId,
      // Names of partitions may be of any letters, headers of ASCII alone.
      [described]: Buffer.from(JSON.stringify(about), 'utf8').toString('base64'),
    };
    const { key, versionId } = await store.put({ key: place.key, size, sha256, body, storageClass, metadata });
    return { ...place, key, versionId, size, sha256, storageClass, ...about };
  });
}

/** A name as a part of a key: whatever it holds, no other name gives the same, and none has a slash. */
export function keyPart(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/gu, (char) => `=${Buffer.from(char, 'utf8').toString('hex')}=`);
}
