import { join } from 'node:path';
import { folderPayloads } from '../src/drivers/payloads/folder-store.ts';
import type { LoadedPlatform } from '../src/platform/index.ts';
import type { PayloadStore } from '../src/runs/index.ts';

/** The payload store that the platform file names; every role has the same one. */
export function payloadStore({ platform }: LoadedPlatform): PayloadStore {
  const { folder, evidence } = platform.reports;
  return folderPayloads(evidence ?? join(folder, 'evidence'));
}
