import type { ListObjectVersionsCommandOutput, ObjectLockRetentionMode, StorageClass } from '@aws-sdk/client-s3';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  RestoreObjectCommand,
} from '@aws-sdk/client-s3';
import { GantryError } from '../../errors/index.ts';
import { copyInParts } from './copy-parts.ts';
import { s3NameOf } from './errors.ts';
import { versionOf } from './multipart.ts';
import { sha256Metadata, putObject } from './put.ts';
import type { S3Session } from './session.ts';
import { thawState } from './thaw.ts';
import type { ObjectFacts, ObjectRef, ObjectStore, ObjectVersion } from './types.ts';

/** CopyObject takes no more; larger ones are copied in parts. */
const copyBytes = 5 * 2 ** 30;
const copyMs = 600_000;

type ObjectVerbs = Pick<
  ObjectStore,
  'put' | 'head' | 'versions' | 'restoreObject' | 'copy' | 'remove' | 'setLegalHold' | 'setRetention'
>;

/** The verbs over one object. */
export function objectVerbs(session: S3Session): ObjectVerbs {
  const { client, bucket } = session;
  const of = ({ key, versionId }: ObjectRef) => ({ Bucket: bucket, Key: key, VersionId: versionId });
  return {
    put: (request) => putObject(session, request),
    head: (key, versionId) => head(session, key, versionId),
    versions: (prefix) => versions(session, prefix),
    restoreObject: async (ref, { days, tier }) => {
      try {
        const answer = await session.send({ request: `POST ${ref.key} (restore)` }, (abortSignal) =>
          client.send(
            new RestoreObjectCommand({
              ...of(ref),
              RestoreRequest: { Days: days, GlacierJobParameters: { Tier: tier } },
            }),
            { abortSignal },
          ),
        );
        return answer.$metadata.httpStatusCode === 200 ? 'extended' : 'accepted';
      } catch (error) {
        const name = s3NameOf(error);
        if (name === 'RestoreAlreadyInProgress') return 'inProgress';
        if (name === 'GlacierExpeditedRetrievalNotAvailable') return 'noCapacity';
        if (name === 'InvalidObjectState' || name === 'ObjectNotInArchiveState') return 'notCold';
        throw error;
      }
    },
    copy: async (from, { key, storageClass, metadata }) => {
      const source = `${bucket}/${from.key.split('/').map(encodeURIComponent).join('/')}?versionId=${encodeURIComponent(from.versionId)}`;
      const described = {
        Metadata: { ...metadata, [sha256Metadata]: from.sha256 },
        ...(storageClass === undefined ? {} : { StorageClass: storageClass as StorageClass }),
      };
      if (from.size > copyBytes) return copyInParts(session, source, { key, size: from.size, described });
      const answer = await session.send({ request: `COPY ${from.key} to ${key}`, timeoutMs: copyMs }, (abortSignal) =>
        client.send(
          new CopyObjectCommand({
            ...{ Bucket: bucket, Key: key, CopySource: source, MetadataDirective: 'REPLACE', ...described },
            ChecksumAlgorithm: 'SHA256',
          }),
          { abortSignal },
        ),
      );
      return { key, versionId: versionOf(answer.VersionId, key) };
    },
    remove: async (ref) => {
      try {
        await session.send({ request: `DELETE ${ref.key}` }, (abortSignal) =>
          client.send(new DeleteObjectCommand(of(ref)), { abortSignal }),
        );
      } catch (error) {
        if (isMissing(error)) return;
        const refused = error instanceof GantryError && error.code === 'S3_NO_PERMISSION';
        const facts = refused ? await head(session, ref.key, ref.versionId) : undefined;
        // AccessDenied is the answer to both; what protects the object tells them apart.
        if (!facts?.legalHold && !(facts?.retention && facts.retention.untilMs > Date.now())) throw error;
        const until = facts.retention ? `until ${new Date(facts.retention.untilMs).toISOString()}` : 'by a legal hold';
        throw new GantryError('S3_OBJECT_LOCKED', `${ref.key} is protected ${until}`, { evidence: { ...ref } });
      }
    },
    setLegalHold: async (ref, on) => {
      await session.send({ request: `PUT ${ref.key} (legal hold)` }, (abortSignal) =>
        client.send(new PutObjectLegalHoldCommand({ ...of(ref), LegalHold: { Status: on ? 'ON' : 'OFF' } }), {
          abortSignal,
        }),
      );
    },
    setRetention: async (ref, { mode, untilMs }) => {
      await session.send({ request: `PUT ${ref.key} (retention)` }, (abortSignal) =>
        client.send(
          new PutObjectRetentionCommand({
            ...of(ref),
            Retention: { Mode: mode satisfies ObjectLockRetentionMode, RetainUntilDate: new Date(untilMs) },
          }),
          { abortSignal },
        ),
      );
    },
  };
}

async function head(session: S3Session, key: string, versionId?: string): Promise<ObjectFacts | undefined> {
  try {
    const at = { Bucket: session.bucket, Key: key, ...(versionId === undefined ? {} : { VersionId: versionId }) };
    const answer = await session.send({ request: `HEAD ${key}`, read: true }, (abortSignal) =>
      session.client.send(new HeadObjectCommand(at), { abortSignal }),
    );
    const storageClass = answer.StorageClass ?? 'STANDARD';
    const metadata = answer.Metadata ?? {};
    const sha256 = metadata[sha256Metadata];
    const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = answer;
    return {
      ...{ key, versionId: answer.VersionId ?? 'null', size: answer.ContentLength ?? 0, storageClass, metadata },
      thaw: thawState(storageClass, answer.Restore, answer.ArchiveStatus),
      ...(sha256 === undefined ? {} : { sha256 }),
      lastModifiedMs: answer.LastModified?.getTime() ?? 0,
      ...(mode && until ? { retention: { mode, untilMs: until.getTime() } } : {}),
      legalHold: answer.ObjectLockLegalHoldStatus === 'ON',
      etag: answer.ETag ?? '',
    };
  } catch (error) {
    // A mark of deletion answers 405, a version id that was never one 400.
    if (isMissing(error) || s3NameOf(error) === 'MethodNotAllowed' || statusOf(error) === 405) return undefined;
    if (versionId !== undefined && statusOf(error) === 400) return undefined;
    throw error;
  }
}

async function* versions(session: S3Session, prefix: string): AsyncGenerator<ObjectVersion> {
  const { client, bucket } = session;
  let from: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
  while (from) {
    const page = { Bucket: bucket, Prefix: prefix, MaxKeys: 1_000, ...from };
    const answer: ListObjectVersionsCommandOutput = await session.send(
      { request: `LIST ${prefix}`, read: true },
      (abortSignal) => client.send(new ListObjectVersionsCommand(page), { abortSignal }),
    );
    const found: ObjectVersion[] = [
      ...(answer.Versions ?? []).map((one) => ({
        ...{
          key: one.Key ?? '',
          versionId: one.VersionId ?? 'null',
          size: one.Size ?? 0,
          isLatest: one.IsLatest === true,
        },
        ...{ storageClass: one.StorageClass ?? 'STANDARD', deleteMarker: false },
        lastModifiedMs: one.LastModified?.getTime() ?? 0,
      })),
      ...(answer.DeleteMarkers ?? []).map((one) => ({
        ...{ key: one.Key ?? '', versionId: one.VersionId ?? 'null', size: 0, isLatest: one.IsLatest === true },
        ...{ storageClass: 'STANDARD', deleteMarker: true, lastModifiedMs: one.LastModified?.getTime() ?? 0 },
      })),
    ];
    // The answer has both kinds in lists of their own. Times are whole seconds in some stores: the latest one says that it is.
    found.sort(
      (a, b) =>
        (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) ||
        Number(b.isLatest) - Number(a.isLatest) ||
        b.lastModifiedMs - a.lastModifiedMs,
    );
    yield* found;
    if (answer.IsTruncated !== true) return;
    if (!answer.NextKeyMarker)
      throw new GantryError('S3_REFUSED', `LIST ${prefix}: the store gave no mark to go on from`);
    from = {
      KeyMarker: answer.NextKeyMarker,
      ...(answer.NextVersionIdMarker ? { VersionIdMarker: answer.NextVersionIdMarker } : {}),
    };
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof GantryError && error.code === 'S3_OBJECT_MISSING';
}

function statusOf(error: unknown): unknown {
  return error instanceof GantryError ? error.evidence['status'] : undefined;
}
