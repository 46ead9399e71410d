import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GantryError } from '../../src/errors/index.ts';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import { findMoto } from '../programs.ts';
import type { S3Faults } from './faults.ts';
import { createFaults } from './faults.ts';
import { startS3Proxy } from './proxy.ts';
import type { S3Request } from './record.ts';

/** moto's server, with what it lacks. */
const motoMain = fileURLToPath(new URL('./moto-main.py', import.meta.url));

/** More looks than anything takes. */
const never = 1e9;

/** What moto takes: anything. */
export const labS3Login = { accessKeyId: 'lab', secretAccessKey: 'lab-secret' } as const;

/** moto refuses who has no signature, and checks none. */
const anyCredentials =
  'AWS4-HMAC-SHA256 Credential=other/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none';

export type LabS3 = {
  /** Through the proxy, where faults are. Path style. */
  readonly endpoint: string;
  readonly region: 'us-east-1';
  readonly faults: S3Faults;
  /** Every request so far, in their order. */
  readonly requests: readonly S3Request[];
  /** Forgets them. */
  forget(): void;
  /** Makes a bucket with versioning; with Object Lock unless told otherwise. */
  bucket(name: string, options?: { lock?: boolean; versioning?: boolean }): Promise<void>;
  /** A thaw takes so many looks (HEADs) before it is done. 0: done at once. Infinity: when `thawed` says so. */
  thawAfter(looks: number): Promise<void>;
  /**
   * Puts every version below a prefix into a storage class, as a lifecycle does in the night: each keeps its VersionId, and a thawed copy is
   * gone. Answers how many.
   */
  age(bucket: string, prefix: string, storageClass: string): Promise<number>;
  /** Ends the thaws that are under way below a prefix, with `thawAfter(Infinity)`; answers of how many objects. */
  thawed(bucket: string, prefix: string): Promise<number>;
  /** The answer to a request past the proxy, as another actor would send it. `path` begins with the bucket. */
  other(method: string, path: string, init?: { headers?: Record<string, string>; body?: string }): Promise<Response>;
  stop(): Promise<void>;
};

/**
 * An object store with Glacier classes: moto, behind a proxy that can make it bad. Everything is kept in memory.
 *
 * What it cannot show: a thaw of another version than the latest of its key, real thaw times, KMS, policies (every request is allowed), 503 under load, ETags of encrypted objects,
 * and how fast anything is: it is slow as a data path.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startS3(options: { stateDir: string; port?: number; detached?: boolean }): Promise<LabS3> {
  const command = join(dirname(await findMoto()), 'python3');
  const [own, port] = [await freePort(), options.port ?? (await freePort())];
  const direct = `http://127.0.0.1:${own}`;
  const endpoint = `http://127.0.0.1:${port}`;
  const process_ = await startProcess({
    stateDir: options.stateDir,
    name: `s3-${own}`,
    part: 's3',
    command,
    args: [motoMain, '-H', '127.0.0.1', '-p', String(own)],
    // Its own log of each request would be most of what is on the disk.
    env: { ...process.env, PYTHONUNBUFFERED: '1', MOTO_S3_CUSTOM_ENDPOINTS: '' },
    ports: [own, port],
    endpoints: { endpoint },
    ready: async () => (await fetch(`${direct}/moto-api/`)).ok,
    readyWithinMs: 60_000,
    ...(options.detached === undefined ? {} : { detached: options.detached }),
  });
  const faults = createFaults();
  let requests: S3Request[] = [];
  const proxy = await startS3Proxy({
    ...{ port, upstream: { host: '127.0.0.1', port: own }, take: faults.take },
    record: (request) => void requests.push(request),
  });
  const other: LabS3['other'] = (method, path, { headers, body } = {}) =>
    fetch(`${direct}/${path}`, {
      method,
      headers: { authorization: anyCredentials, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  const must = async (what: string, answer: Promise<Response>): Promise<void> => {
    const got = await answer;
    if (!got.ok) throw new GantryError('LAB_PART_FAILED', `${what}: ${got.status} ${(await got.text()).slice(0, 300)}`);
  };
  const act = async (verb: string, on: object): Promise<number> => {
    const answer = await fetch(`${direct}/gantry-lab/${verb}`, { method: 'POST', body: JSON.stringify(on) });
    if (!answer.ok) throw new GantryError('LAB_PART_FAILED', `${verb}: ${answer.status}`);
    return ((await answer.json()) as { objects: number }).objects;
  };
  return {
    endpoint,
    region: 'us-east-1',
    faults,
    get requests() {
      return requests;
    },
    forget: () => void (requests = []),
    async bucket(name, { lock = true, versioning = true } = {}) {
      const headers: Record<string, string> = lock ? { 'x-amz-bucket-object-lock-enabled': 'true' } : {};
      await must('create the bucket', other('PUT', name, { headers }));
      if (!versioning || lock) return;
      const body = `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>`;
      await must('turn versioning on', other('PUT', `${name}?versioning`, { body }));
    },
    async thawAfter(looks) {
      const transition =
        looks === 0 ? { progression: 'immediate' } : { progression: 'manual', times: Math.min(looks, never) };
      await must(
        'stretch thaws',
        other('POST', 'moto-api/state-manager/set-transition', {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model_name: 's3::keyrestore', transition }),
        }),
      );
    },
    async age(bucket, prefix, storageClass) {
      return act('age', { bucket, prefix, class: storageClass });
    },
    async thawed(bucket, prefix) {
      return act('thawed', { bucket, prefix });
    },
    other,
    async stop() {
      await proxy.stop();
      await process_.kill();
    },
  };
}
