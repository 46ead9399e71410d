import type { RestoreObject, Stored } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from './access.ts';
import { withStore } from './access.ts';
import { copiesOf, copyKey, copyMetadata, copyOf, eachOf, hasCopies, objectsOf } from './objects.ts';

/** The objects of a restore. */
export type CopiesInput = { archive: string; name: string; objects: Stored<RestoreObject> };

export type Copies = { copied: number; of: number; bytes: number };

const window = 8;

/**
 * Copies what was thawed within the store, version by version: from there on no expiry matters. The copies lie outside of what
 * ages. Undo deletes them.
 */
export const copyOut = defineStep<CopiesInput, Copies, RecoveryDeps>({
  name: 'archive.copy-out',
  settleMs: 0,
  probe: async (input, deps, context) => {
    const seen = await count(input, deps, context);
    const words = `${seen.copied} of ${seen.of} thawed objects are copied`;
    return seen.copied === seen.of ? done(seen, words) : todo(seen, words, { begun: seen.copied > 0 });
  },
  apply: async (input, _seen, { recovery, payloads }, context) => {
    const access = await recovery(input.archive);
    const { prefix } = access.config;
    let bytes = 0;
    const startedAt = performance.now();
    await withStore(access, context, async (store) => {
      const some = await hasCopies(store, prefix, input.name);
      await eachOf(objectsOf(payloads, input.objects), window, async (object) => {
        if (object.tier === undefined || (some && (await copyOf(store, prefix, input.name, object)))) return;
        await store.copy(object, {
          ...{ key: copyKey(prefix, input.name, object), storageClass: 'STANDARD', metadata: copyMetadata(object) },
        });
        bytes += object.size;
        context.progress({ bytes });
      });
    });
    context.measure('bytes', bytes);
    context.measure('copyMs', performance.now() - startedAt);
  },
  undo: (input, _before, deps, context) => removeCopies(input, deps, context),
});

/** Deletes the copies, at the end of a restore. */
export const dropCopies = defineStep<CopiesInput, { left: number }, RecoveryDeps>({
  name: 'archive.drop-copies',
  settleMs: 0,
  probe: async (input, { recovery }, context) => {
    const access = await recovery(input.archive);
    let left = 0;
    await withStore(access, context, async (store) => {
      for await (const one of store.versions(copiesOf(access.config.prefix, input.name)))
        if (!one.deleteMarker) left += 1;
    });
    return left === 0 ? done({ left }, 'no copy is left') : todo({ left }, `${left} copies are left`, { begun: true });
  },
  apply: (input, _seen, deps, context) => removeCopies(input, deps, context),
});

/** Every version below the restore's own folder, and the marks of deletions. */
async function removeCopies(input: CopiesInput, { recovery }: RecoveryDeps, context: StepContext): Promise<void> {
  const access = await recovery(input.archive);
  await withStore(access, context, (store) =>
    eachOf(store.versions(copiesOf(access.config.prefix, input.name)), window, (one) => store.remove(one)),
  );
}

async function count(input: CopiesInput, { recovery, payloads }: RecoveryDeps, context: StepContext): Promise<Copies> {
  const access = await recovery(input.archive);
  const seen: Copies = { copied: 0, of: 0, bytes: 0 };
  await withStore(access, context, async (store) => {
    const some = await hasCopies(store, access.config.prefix, input.name);
    await eachOf(objectsOf(payloads, input.objects), window, async (object) => {
      if (object.tier === undefined) return;
      seen.of += 1;
      if (!some || !(await copyOf(store, access.config.prefix, input.name, object))) return;
      seen.copied += 1;
      seen.bytes += object.size;
    });
  });
  return seen;
}
