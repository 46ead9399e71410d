import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { BackupObject, ObjectList, OpenedBackup } from '../../../src/runs/index.ts';
import type { StepContext, StepDefinition } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ArchiveAccess, ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';
import { listOf, writeList } from '../lists/lists.ts';
import { clearSpool } from '../spool/spool.ts';

/** What a step that reads a source works with. */
export type Reading = { access: ArchiveAccess; store: ObjectStore; deps: ArchiveDeps; context: StepContext };

/** The input of such a step. */
export type OfBackup = { opened: OpenedBackup };

type Source<I extends OfBackup> = {
  name: string;
  /** Its list, by a name that no other step of the backup has; the prefixes of what it writes; what it is, in words. */
  about: (input: I, access: ArchiveAccess) => { list: string; prefixes: readonly string[]; what: string };
  /** Makes the objects, or finds that they are made, one after the other. A retry goes through all of them again. */
  read: (input: I, reading: Reading) => AsyncIterable<BackupObject>;
};

/** What is there of it: its list, once it is done. */
export type SourceSeen = { list?: ObjectList };

/**
 * A step that brings a source into the archive. Its list is written last: where that is, the step is done. Its undo removes
 * what lies under its own prefixes, version by version: nothing else is ever written there.
 */
export function sourceStep<I extends OfBackup>(source: Source<I>): StepDefinition<I, SourceSeen, ArchiveDeps> {
  const of = (input: I, { archives }: ArchiveDeps) => {
    const access = archives(input.opened.archive);
    const about = source.about(input, access);
    return { access, ...about, key: `${access.keys.lists(input.opened.backupId)}${about.list}.ndjson.gz` };
  };
  return defineStep<I, SourceSeen, ArchiveDeps>({
    name: source.name,
    probe: (input, deps, context) => {
      const { access, what, key } = of(input, deps);
      return withStore(access, context, async (store) => {
        const facts = await store.head(key);
        if (!facts) return todo({}, `${what} is not in the backup yet`);
        const list = listOf(facts);
        const carried = list.objects - list.made;
        return done({ list }, `${what}: ${list.made} new objects, ${carried} carried over, ${list.bytes} bytes`);
      });
    },
    apply: (input, _seen, deps, context) => {
      const { access, key } = of(input, deps);
      const { backupId } = input.opened;
      return withStore(access, context, async (store) => {
        await clearSpool(access, context.unit);
        const startedAt = performance.now();
        const objects = source.read(input, { access, store, deps, context });
        const list = await writeList(access, store, { key, unit: context.unit, backupId }, objects);
        context.measure('ms', performance.now() - startedAt);
        context.measure('objects', list.objects);
        context.measure('made', list.made);
      });
    },
    undo: (input, _before, deps, context) => {
      const { access, prefixes, key } = of(input, deps);
      return withStore(access, context, (store) => removeAll(store, [...prefixes, key]));
    },
  });
}

/** Removes every version below prefixes of a backup's own. @throws S3_OBJECT_LOCKED naming what is protected; the rest is gone */
export async function removeAll(store: ObjectStore, prefixes: readonly string[]): Promise<void> {
  const locked: string[] = [];
  for (const prefix of prefixes) {
    for await (const { key, versionId } of store.versions(prefix)) {
      try {
        await store.remove({ key, versionId });
      } catch (error) {
        if (!(error instanceof GantryError) || error.code !== 'S3_OBJECT_LOCKED') throw error;
        locked.push(`${key} (${versionId})`);
      }
    }
  }
  if (locked.length === 0) return;
  const named = locked.slice(0, 20).join(', ');
  const more = locked.length > 20 ? ` and ${locked.length - 20} more` : '';
  throw new GantryError('S3_OBJECT_LOCKED', `${locked.length} objects are protected: ${named}${more}`, {
    evidence: { objects: locked.slice(0, 100) },
  });
}
