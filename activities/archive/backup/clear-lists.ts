import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';
import type { OfBackup } from './source-step.ts';
import { removeAll } from './source-step.ts';

/** Removes what the steps of this backup wrote down for each other: the manifest has all of it. */
export const clearLists = defineStep<OfBackup, { left: number }, ArchiveDeps>({
  name: 'archive.clear-lists',
  probe: ({ opened }, { archives }, context) => {
    const access = archives(opened.archive);
    return withStore(access, context, async (store) => {
      let left = 0;
      for (const prefix of prefixesOf(access.keys, opened.backupId))
        for await (const version of store.versions(prefix)) if (version.key) left += 1;
      return left === 0 ? done({ left }, 'no list is left') : todo({ left }, `${left} lists are there`);
    });
  },
  apply: ({ opened }, _seen, { archives }, context) => {
    const access = archives(opened.archive);
    return withStore(access, context, (store) => removeAll(store, prefixesOf(access.keys, opened.backupId)));
  },
});

function prefixesOf(keys: { lists: (id: string) => string; verified: (id: string) => string }, id: string): string[] {
  return [keys.lists(id), keys.verified(id)];
}
