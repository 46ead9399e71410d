import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { StorageClass } from '@aws-sdk/client-s3';
import { PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { inParts, uploadMs, versionOf } from './multipart.ts';
import type { S3Session } from './session.ts';
import type { ObjectRef, PutRequest } from './types.ts';

/** The name of our own SHA-256 in the metadata of an object. */
export const sha256Metadata = 'gantry-sha256';

/** Of a multipart upload; S3's own limit. */
const maxParts = 10_000;

/** Writes an object whole or not at all: a multipart upload that fails is taken back. */
export async function putObject(session: S3Session, request: PutRequest): Promise<ObjectRef> {
  return request.size > session.partBytes ? putInParts(session, request) : putAtOnce(session, request);
}

async function putAtOnce(session: S3Session, request: PutRequest): Promise<ObjectRef> {
  const { client, bucket } = session;
  const { key, size, sha256 } = request;
  const answer = await session.send({ request: `PUT ${key}`, timeoutMs: uploadMs }, (abortSignal) =>
    client.send(
      new PutObjectCommand({
        ...{ Bucket: bucket, Key: key, ...described(request), ContentLength: size },
        Body: Readable.from(request.body({ start: 0, end: size })),
        ChecksumSHA256: base64(sha256),
      }),
      { abortSignal },
    ),
  );
  return { key, versionId: versionOf(answer.VersionId, key) };
}

async function putInParts(session: S3Session, request: PutRequest): Promise<ObjectRef> {
  const { key, size } = request;
  const partBytes = Math.max(session.partBytes, Math.ceil(size / maxParts));
  const starts = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index * partBytes);
  // All at once: the session lets as many run as may.
  return inParts(session, key, described(request), (upload) =>
    settled(
      starts.map(async (start, index) => {
        const range = { start, end: Math.min(size, start + partBytes) };
        const ChecksumSHA256 = await digestOf(request, range);
        const part = { ...upload, PartNumber: index + 1 };
        const { ETag } = await session.send(
          { request: `PUT ${key} (part ${index + 1})`, timeoutMs: uploadMs },
          (signal) =>
            session.client.send(
              new UploadPartCommand({
                ...{ ...part, ChecksumSHA256, ContentLength: range.end - range.start },
                Body: Readable.from(request.body(range)),
              }),
              { abortSignal: signal },
            ),
        );
        return { ETag, PartNumber: index + 1, ChecksumSHA256 };
      }),
    ),
  );
}

/** Waits for all, so that no part is still being sent when the upload is taken back. @throws the first one's error */
async function settled<T>(all: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(all);
  return ended.map((one) => {
    if (one.status === 'fulfilled') return one.value;
    throw one.reason;
  });
}

function described({ sha256, storageClass, contentType, metadata }: PutRequest) {
  return {
    Metadata: { ...metadata, [sha256Metadata]: sha256 },
    ContentType: contentType ?? 'application/octet-stream',
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
  };
}

async function digestOf(request: PutRequest, range: { start: number; end: number }): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of request.body(range)) hash.update(chunk);
  return hash.digest('base64');
}

export function base64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
