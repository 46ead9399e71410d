import { GantryError, troubleOf } from '../../../src/errors/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from './access.ts';
import { withStore } from './access.ts';
import type { CopiesInput } from './copy-out.ts';
import { eachOf, objectsOf, readable } from './objects.ts';

export type Proven = {
  objects: number;
  bytes: number;
  /** By key: what is wrong with it. */
  faults: readonly { key: string; versionId: string; code: string; message: string }[];
};

const window = 8;
const shown = 20;
/** What says that an object is not what was backed up, however often it is asked for. */
const damage: readonly string[] = ['S3_BODY_DAMAGED', 'S3_OBJECT_MISSING'];
const readings = 2;

/**
 * Reads every byte of every object that the restore will use, and compares size and SHA-256 with the signed manifest. All faults
 * are named, not the first alone. An object is read twice before it counts as damaged: a network damages bytes too.
 */
export const proveObjects = defineStep<CopiesInput, Proven, RecoveryDeps>({
  name: 'archive.prove-objects',
  probe: async (input, { recovery, payloads }, context) => {
    const access = await recovery(input.archive);
    const faults: { key: string; versionId: string; code: string; message: string }[] = [];
    let objects = 0;
    let bytes = 0;
    const startedAt = performance.now();
    await withStore(access, context, (store) =>
      eachOf(objectsOf(payloads, input.objects), window, async (object) => {
        const { key, versionId, size, sha256 } = object;
        objects += 1;
        for (let reading = 1; ; reading += 1) {
          try {
            const at = await readable(store, access.config.prefix, input.name, object);
            if (!at) throw new GantryError('S3_OBJECT_MISSING', `the copy of ${key} is not there`);
            const read = await store.prove(at, { size, sha256 });
            bytes += read;
            break;
          } catch (error) {
            const { code, message } = troubleOf(error);
            if (!damage.includes(code)) throw error;
            if (reading < readings) continue;
            faults.push({ key, versionId, code, message });
            break;
          }
        }
        context.progress({ objects, bytes, faults: faults.length });
      }),
    );
    context.measure('bytes', bytes);
    context.measure('proveMs', performance.now() - startedAt);
    const seen = { objects, bytes, faults: faults.slice(0, shown) };
    if (faults.length === 0)
      return done(seen, `${objects} objects, ${bytes} bytes: every SHA-256 is that of the manifest`);
    const named = faults.map(({ key, message }) => (message.includes(key) ? message : `${key}: ${message}`));
    return blocked(
      'ARCHIVE_OBJECT_CHANGED',
      seen,
      `${faults.length} of ${objects} objects are damaged: ${named.slice(0, shown).join('; ')}`,
    );
  },
});
