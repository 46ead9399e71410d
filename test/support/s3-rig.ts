import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest';
import type { LabS3 } from '../../lab/s3/s3.ts';
import { labS3Login, startS3 } from '../../lab/s3/s3.ts';
import type { ObjectStore, PutRequest, S3ConnectOptions } from '../../src/drivers/s3/index.ts';
import { connectS3 } from '../../src/drivers/s3/index.ts';
import { removeSoon } from './remove-soon.ts';

/** An object store that the tests of one file share; faults end with each test. */
export type S3Rig = {
  readonly s3: LabS3;
  /** A new bucket with versions and Object Lock, and the driver's connection to it. */
  bucket(options?: S3ConnectOptions): Promise<ObjectStore>;
  open(bucket: string, options?: S3ConnectOptions): ObjectStore;
};

/** Call it in `describe`. */
export function s3Rig(): S3Rig {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  let s3: LabS3 | undefined;
  let buckets = 0;
  beforeAll(async () => void (s3 = await startS3({ stateDir })));
  afterEach(() => s3?.faults.clear());
  afterAll(async () => {
    await s3?.stop();
    removeSoon(stateDir);
  });
  const started = (): LabS3 => {
    if (!s3) throw new Error('the store starts before the tests, not before them');
    return s3;
  };
  const open: S3Rig['open'] = (bucket, options) => {
    const { endpoint, region } = started();
    const store = connectS3({ bucket, region, endpoint, forcePathStyle: true }, labS3Login, options);
    onTestFinished(() => store.close());
    return store;
  };
  return {
    get s3() {
      return started();
    },
    open,
    async bucket(options) {
      buckets += 1;
      const name = `bucket-${buckets}`;
      await started().bucket(name);
      return open(name, options);
    },
  };
}

/** What `put` takes, of bytes at hand. */
export function putOf(key: string, content: Uint8Array, more: Partial<PutRequest> = {}): PutRequest {
  return {
    key,
    size: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
    body: async function* ({ start, end }) {
      yield content.subarray(start, end);
    },
    ...more,
  };
}

/** All of a body. */
export async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
