import type { CompletedPart, CreateMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
} from '@aws-sdk/client-s3';
import { GantryError } from '../../errors/index.ts';
import type { S3Session } from './session.ts';
import type { ObjectRef } from './types.ts';

/** So long may one part, one small object or the completion of an upload take. Milliseconds. */
export const uploadMs = 600_000;

/** Of one upload: where its parts go. */
export type Upload = { Bucket: string; Key: string; UploadId: string | undefined };

/**
 * Writes an object in parts: whole or not at all. `send` sends all of them and answers what the store said of each.
 * @throws what requests give, S3_NO_VERSIONING; the upload is taken back
 */
export async function inParts(
  session: S3Session,
  key: string,
  described: Omit<CreateMultipartUploadCommandInput, 'Bucket' | 'Key' | 'ChecksumAlgorithm'>,
  send: (upload: Upload) => Promise<CompletedPart[]>,
): Promise<ObjectRef> {
  const { client, bucket } = session;
  const at = { Bucket: bucket, Key: key };
  const { UploadId } = await session.send({ request: `POST ${key} (uploads)` }, (abortSignal) =>
    client.send(new CreateMultipartUploadCommand({ ...at, ...described, ChecksumAlgorithm: 'SHA256' }), {
      abortSignal,
    }),
  );
  try {
    const Parts = await send({ ...at, UploadId });
    const answer = await session.send({ request: `POST ${key} (complete)`, timeoutMs: uploadMs }, (abortSignal) =>
      client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }), { abortSignal }),
    );
    return { key, versionId: versionOf(answer.VersionId, key) };
  } catch (error) {
    // A cancelled run must not leave parts that are charged and that no listing shows; the lifecycle rule takes what this misses.
    await client
      .send(new AbortMultipartUploadCommand({ ...at, UploadId }), { abortSignal: AbortSignal.timeout(10_000) })
      .catch(() => undefined);
    throw error;
  }
}

/** Without a version, a replaced object could not be told from the one that was written. @throws S3_NO_VERSIONING */
export function versionOf(versionId: string | undefined, key: string): string {
  if (versionId !== undefined && versionId !== 'null') return versionId;
  throw new GantryError('S3_NO_VERSIONING', `${key} was written without a version`, { evidence: { key } });
}
