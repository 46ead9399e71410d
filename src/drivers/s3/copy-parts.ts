import type { CompletedPart, StorageClass } from '@aws-sdk/client-s3';
import { UploadPartCopyCommand } from '@aws-sdk/client-s3';
import { inParts, uploadMs } from './multipart.ts';
import type { S3Session } from './session.ts';
import type { ObjectRef } from './types.ts';

const partBytes = 2 ** 30;

/** Copies what is too large for one CopyObject, within the store. @throws what requests give; the upload is taken back */
export async function copyInParts(
  session: S3Session,
  source: string,
  to: { key: string; size: number; described: { Metadata: Record<string, string>; StorageClass?: StorageClass } },
): Promise<ObjectRef> {
  const { key, size, described } = to;
  return inParts(session, key, described, async (upload) => {
    const parts: CompletedPart[] = [];
    for (let start = 0, number = 1; start < size; start += partBytes, number += 1) {
      const CopySourceRange = `bytes=${start}-${Math.min(size, start + partBytes) - 1}`;
      const part = { ...upload, PartNumber: number, CopySource: source, CopySourceRange };
      const { CopyPartResult } = await session.send(
        { request: `COPY to ${key} (part ${number})`, timeoutMs: uploadMs },
        (abortSignal) => session.client.send(new UploadPartCopyCommand(part), { abortSignal }),
      );
      parts.push({ PartNumber: number, ETag: CopyPartResult?.ETag, ChecksumSHA256: CopyPartResult?.ChecksumSHA256 });
    }
    return parts;
  });
}
