import type { StorageClass } from '@aws-sdk/client-s3';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { versionOf } from './put.ts';
import type { S3Session } from './session.ts';
import type { ObjectRef } from './types.ts';

const partBytes = 2 ** 30;
const partMs = 600_000;

/** Copies what is too large for one CopyObject, within the store. @throws what requests give; the upload is taken back */
export async function copyInParts(
  session: S3Session,
  source: string,
  to: { key: string; size: number; described: { Metadata: Record<string, string>; StorageClass?: StorageClass } },
): Promise<ObjectRef> {
  const { client, bucket } = session;
  const { key, size, described } = to;
  const at = { Bucket: bucket, Key: key };
  const { UploadId } = await session.send({ request: `POST ${key} (uploads)` }, (abortSignal) =>
    client.send(new CreateMultipartUploadCommand({ ...at, ...described, ChecksumAlgorithm: 'SHA256' }), {
      abortSignal,
    }),
  );
  try {
    const Parts: { ETag: string | undefined; PartNumber: number; ChecksumSHA256: string | undefined }[] = [];
    for (let start = 0, number = 1; start < size; start += partBytes, number += 1) {
      const CopySourceRange = `bytes=${start}-${Math.min(size, start + partBytes) - 1}`;
      const part = { ...at, UploadId, PartNumber: number, CopySource: source, CopySourceRange };
      const { CopyPartResult } = await session.send(
        { request: `COPY to ${key} (part ${number})`, timeoutMs: partMs },
        (abortSignal) => client.send(new UploadPartCopyCommand(part), { abortSignal }),
      );
      Parts.push({ PartNumber: number, ETag: CopyPartResult?.ETag, ChecksumSHA256: CopyPartResult?.ChecksumSHA256 });
    }
    const answer = await session.send({ request: `POST ${key} (complete)`, timeoutMs: partMs }, (abortSignal) =>
      client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }), { abortSignal }),
    );
    return { key, versionId: versionOf(answer.VersionId, key) };
  } catch (error) {
    await client
      .send(new AbortMultipartUploadCommand({ ...at, UploadId }), { abortSignal: AbortSignal.timeout(10_000) })
      .catch(() => undefined);
    throw error;
  }
}
