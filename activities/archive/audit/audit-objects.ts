import { storedObjects } from '../../../src/drivers/manifest/index.ts';
import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { sampler } from '../../../src/planning/archive/index.ts';
import type { AuditedBackup, Finding, BackupObject, ObjectsVerdict } from '../../../src/runs/index.ts';
import { archiveKeys } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import { objectFault } from '../access/known-partition.ts';
import type { RecoveryDeps } from '../recovery/access.ts';
import { withStore } from '../recovery/access.ts';
import { eachOf } from '../recovery/objects.ts';

export type AuditObjectsInput = { archive: string; newest: AuditedBackup; sample: number; seed: number };

type Tally = { objects: number; bytes: number };

const window = 16;
/** In the answer; the count has them all. */
const mostFindings = 50;

/**
 * Compares the newest backup with what the bucket lists, and looks at a sample of its objects by key and VersionId. Costs one LIST for each
 * thousand versions and two HEADs for each object of the sample; nothing is read or thawed.
 */
export const auditObjects = defineStep<AuditObjectsInput, ObjectsVerdict, RecoveryDeps>({
  name: 'archive.audit-objects',
  probe: async ({ archive, newest, sample, seed }, { recovery, payloads }, context) => {
    const access = await recovery(archive);
    const { data } = archiveKeys(access.config.prefix);
    const wanted = new Map<string, Tally>();
    const all = { objects: 0, bytes: 0 };
    const taken = sampler<BackupObject>(sample, seed);
    for await (const object of storedObjects(payloads, newest.objects)) {
      taken.add(object);
      add(all, object.size);
      const origin = originOf(object.key, data);
      if (origin !== undefined) add(tallyOf(wanted, origin), object.size);
    }
    const findings: Finding[] = [];
    await withStore(access, context, async (store) => {
      findings.push(...(await missing(store, data, wanted)));
      await eachOf(taken.taken(), window, async (object) => {
        findings.push(...(await faultsOf(store, object, access.agesTo)));
      });
    });
    if (all.objects === 0)
      findings.push({
        code: 'ARCHIVE_BACKUP_INCOMPLETE',
        message: `the manifest of ${newest.backupId} lists nothing`,
        place: newest.backupId,
      });
    const looked = taken.taken().length;
    const verdict: ObjectsVerdict = { ...all, looked, findings: findings.slice(0, mostFindings) };
    return done(
      verdict,
      `${all.objects} objects of ${newest.backupId}, ${looked} looked at, ${findings.length} findings`,
    );
  },
});

/**
 * Backup by backup: what lies below its folder is at least what the manifest stands on there. A sample finds a few lost objects by luck;
 * this finds a bucket that holds three percent of its bytes.
 */
async function missing(store: ObjectStore, data: string, wanted: ReadonlyMap<string, Tally>): Promise<Finding[]> {
  const there = new Map<string, Tally>();
  for await (const { key, size, deleteMarker } of store.versions(data)) {
    const origin = originOf(key, data);
    if (!deleteMarker && origin !== undefined && wanted.has(origin)) add(tallyOf(there, origin), size);
  }
  return [...wanted].flatMap(([origin, { objects, bytes }]) => {
    const found = there.get(origin) ?? { objects: 0, bytes: 0 };
    if (found.objects >= objects && found.bytes >= bytes) return [];
    const message = `${found.objects} objects and ${found.bytes} bytes are listed below ${data}${origin}/; the manifest stands on ${objects} and ${bytes}`;
    return [{ code: 'ARCHIVE_BACKUP_INCOMPLETE', message, place: `${data}${origin}/` }];
  });
}

/** What two HEADs of one object show. */
async function faultsOf(store: ObjectStore, object: BackupObject, agesTo: readonly string[]): Promise<Finding[]> {
  const { key, versionId, role, storageClass } = object;
  const fault = await objectFault(store, object);
  if (fault !== undefined)
    return [{ code: 'ARCHIVE_OBJECT_CHANGED', message: `${key}, version ${versionId}: ${fault}`, place: key }];
  const findings: Finding[] = [];
  const facts = await store.head(key, versionId);
  // Without a VersionId a delete mark answers that there is nothing.
  if (!(await store.head(key)))
    findings.push({ code: 'ARCHIVE_BACKUP_INCOMPLETE', message: `${key} is hidden by a delete mark`, place: key });
  const ages = role === 'data' || role === 'redis';
  if (facts && facts.storageClass !== storageClass && !(ages && agesTo.includes(facts.storageClass)))
    findings.push({
      code: 'ARCHIVE_CLASS_UNEXPECTED',
      message: `${key} lies in ${facts.storageClass}; it was written to ${storageClass}`,
      place: key,
    });
  return findings;
}

/** The backup that wrote an object, by its key below `data`. */
function originOf(key: string, data: string): string | undefined {
  if (!key.startsWith(data)) return undefined;
  const rest = key.slice(data.length);
  const end = rest.indexOf('/');
  return end > 0 ? rest.slice(0, end) : undefined;
}

function tallyOf(tallies: Map<string, Tally>, origin: string): Tally {
  const known = tallies.get(origin) ?? { objects: 0, bytes: 0 };
  tallies.set(origin, known);
  return known;
}

function add(tally: Tally, size: number): void {
  tally.objects += 1;
  tally.bytes += size;
}
