import { createHash } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { GantryError } from '../../errors/index.ts';
import { s3Error } from './errors.ts';
import { hashBeside } from './hash-thread.ts';
import type { S3Session } from './session.ts';
import type { ObjectRef, ObjectStore } from './types.ts';

/** The verbs that read what is in an object. */
export function bodyVerbs(session: S3Session): Pick<ObjectStore, 'get' | 'getUnproven' | 'prove'> {
  return {
    get: (ref, expected) => proven(session, ref, expected),
    getUnproven: (ref, maxBytes) => bounded(session, ref, maxBytes),
    prove: (ref, expected) => readThrough(session, ref, expected),
  };
}

async function* proven(
  session: S3Session,
  ref: ObjectRef,
  expected: { size: number; sha256: string },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of body(session, ref)) {
    size += chunk.byteLength;
    // What is longer is not hashed to its end: it may be anything.
    if (size > expected.size) break;
    hash.update(chunk);
    yield chunk;
  }
  mustBe(ref, expected, size, () => hash.digest('hex'));
}

/** @throws S3_BODY_DAMAGED */
function mustBe(ref: ObjectRef, expected: { size: number; sha256: string }, size: number, digest: () => string): void {
  if (size !== expected.size) {
    const than = size > expected.size ? `more than ${expected.size}` : `${size} instead of ${expected.size}`;
    throw damaged(ref, `it has ${than} bytes`, { ...expected, got: size });
  }
  const sha256 = digest();
  if (sha256 !== expected.sha256)
    throw damaged(ref, `its SHA-256 is ${sha256}, not ${expected.sha256}`, { ...expected, got: sha256 });
}

/** Bytes that go to the thread that hashes at once: a message costs as much as hashing some ten kilobytes. */
const batchBytes = 2 ** 20;

/** Reads to the end and gives nothing on; hashed beside. */
async function readThrough(
  session: S3Session,
  ref: ObjectRef,
  expected: { size: number; sha256: string },
): Promise<number> {
  const hash = hashBeside();
  let [size, batched] = [0, 0];
  let batch: Uint8Array[] = [];
  try {
    for await (const chunk of body(session, ref)) {
      size += chunk.byteLength;
      if (size > expected.size) break;
      batch.push(chunk);
      batched += chunk.byteLength;
      if (batched < batchBytes) continue;
      await hash.update(batch);
      [batch, batched] = [[], 0];
    }
    if (batched > 0) await hash.update(batch);
    const sha256 = size === expected.size ? await hash.digest() : '';
    mustBe(ref, expected, size, () => sha256);
    return size;
  } finally {
    hash.drop();
  }
}

async function* bounded(session: S3Session, ref: ObjectRef, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body(session, ref)) {
    size += chunk.byteLength;
    if (size > maxBytes)
      throw new GantryError('S3_BODY_TOO_LARGE', `${ref.key} has more than ${maxBytes} bytes`, {
        evidence: { ...ref },
      });
    yield chunk;
  }
}

/** The bytes as they come. One that falls silent is given up; nothing is asked again once a byte has been given on. */
async function* body(session: S3Session, { key, versionId }: ObjectRef): AsyncGenerator<Uint8Array> {
  const { client, bucket, idleMs, signal } = session;
  const request = `GET ${key}`;
  const { answer, abort, release } = await session.open({ request, read: true }, (abortSignal) =>
    client.send(new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: versionId }), { abortSignal }),
  );
  let ended = false;
  try {
    if (!answer.Body) return;
    if (answer.VersionId !== undefined && answer.VersionId !== versionId)
      throw damaged({ key, versionId }, `the store gave version ${answer.VersionId}`, {});
    const stream = answer.Body as Readable;
    let asked = true;
    // One timer for all of it; while whoever reads is busy with a chunk, the store is not silent.
    const timer = setInterval(() => {
      if (asked)
        stream.destroy(new GantryError('S3_TIMEOUT', `${request}: the store stopped sending for ${idleMs} ms`));
    }, idleMs);
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        asked = false;
        yield chunk;
        asked = true;
        timer.refresh();
      }
    } finally {
      clearInterval(timer);
    }
    ended = true;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw s3Error(error, request);
  } finally {
    if (!ended) {
      // The connection is not read to its end: it is of no more use.
      abort();
      (answer.Body as { destroy?: () => void } | undefined)?.destroy?.();
    }
    release();
  }
}

function damaged(ref: ObjectRef, why: string, evidence: Record<string, unknown>): GantryError {
  return new GantryError('S3_BODY_DAMAGED', `${ref.key} (version ${ref.versionId}): ${why}`, {
    evidence: { ...ref, ...evidence },
  });
}
