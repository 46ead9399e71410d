import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type {
  BackupObject,
  ManifestHeader,
  ManifestTally,
  ManifestTrailer,
  PayloadStore,
  Stored,
} from '../../runs/index.ts';
import { manifestSignedText } from '../../runs/index.ts';
import type { PublicKeys } from './keys.ts';
import { signatureFault } from './keys.ts';
import { gunzippedLines, malformed } from './lines.ts';
import { backupObject, manifestHeader, manifestTrailer } from './schema.ts';

/** Which manifest it must be, and whose signature counts. */
export type ManifestTrust = { archive: string; backupId: string; publicKeys: PublicKeys };

/** A manifest whose signature is right, its objects where they can be read again and again. */
export type TrustedManifest = {
  header: ManifestHeader;
  trailer: ManifestTrailer;
  /** One `BackupObject` a line: `storedObjects` reads them. */
  objects: Stored<BackupObject[]>;
};

/**
 * Reads a manifest and stores its objects; nothing of it counts before its last line, which signs all the others.
 * @throws ARCHIVE_MANIFEST_UNTRUSTED, ARCHIVE_MANIFEST_MALFORMED, and what `body` gives; nothing is stored then
 */
export async function readManifest(
  body: AsyncIterable<Uint8Array>,
  trust: ManifestTrust,
  payloads: PayloadStore,
): Promise<TrustedManifest> {
  const ends: { header?: ManifestHeader; trailer?: ManifestTrailer } = {};
  const stored = await payloads.put<BackupObject[]>(provenLines(body, trust, ends));
  const { header, trailer } = ends;
  if (!header || !trailer) throw malformed(trust.backupId, 'it has no end');
  return { header, trailer, objects: { ...stored, count: trailer.objects } };
}

/** The objects of a manifest that was read, one after the other. @throws PAYLOAD_MISSING, PAYLOAD_DAMAGED */
export async function* storedObjects(
  payloads: PayloadStore,
  stored: Stored<BackupObject[]>,
): AsyncGenerator<BackupObject> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of payloads.read(stored)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield backupObject.parse(JSON.parse(line));
  }
}

async function* provenLines(
  body: AsyncIterable<Uint8Array>,
  { archive, backupId, publicKeys }: ManifestTrust,
  ends: { header?: ManifestHeader; trailer?: ManifestTrailer },
): AsyncGenerator<string> {
  const where = `the manifest ${backupId}`;
  const hash = createHash('sha256');
  const tally: ManifestTally = {};
  const all = { objects: 0, bytes: 0 };
  // The last line is the trailer: one is held back until another one follows.
  let held: Buffer | undefined;
  for await (const line of gunzippedLines(body, where)) {
    if (held === undefined) {
      held = line;
      continue;
    }
    hash.update(held).update('\n');
    if (ends.header === undefined) ends.header = parsed(manifestHeader, held, where, 'header');
    else {
      const object = parsed(backupObject, held, where, 'object');
      const ofRole = (tally[object.role] ??= { objects: 0, bytes: 0 });
      for (const sums of [ofRole, all]) {
        sums.objects += 1;
        sums.bytes += object.size;
      }
      yield `${held.toString('utf8')}\n`;
    }
    held = line;
  }
  if (held === undefined || ends.header === undefined) throw malformed(where, 'it is empty');
  const trailer = parsed(manifestTrailer, held, where, 'trailer');
  const untrusted = (why: string): GantryError =>
    new GantryError('ARCHIVE_MANIFEST_UNTRUSTED', `${where}: ${why}`, { evidence: { backupId } });
  // Of each manifest there is one form: base64 and JSON would let others pass for it.
  const ed25519 = Buffer.from(trailer.signature.ed25519, 'base64').toString('base64');
  if (
    JSON.stringify(JSON.parse(held.toString('utf8'))) !== held.toString('utf8') ||
    ed25519 !== trailer.signature.ed25519
  )
    throw untrusted('its last line is not as Gantry writes it');
  const sha256 = hash.digest('hex');
  if (sha256 !== trailer.sha256) throw untrusted('its lines are not those that were signed');
  const fault = signatureFault(publicKeys, trailer.signature, manifestSignedText(ends.header, sha256));
  if (fault !== undefined) throw untrusted(fault);
  // A manifest that is right in itself, put in the place of another one.
  if (ends.header.archive !== archive || ends.header.backupId !== backupId)
    throw untrusted(`it is that of ${ends.header.archive}, ${ends.header.backupId}`);
  // The figures of the trailer are not under the signature themselves: they must be those of the lines.
  if (trailer.objects !== all.objects || trailer.bytes !== all.bytes || !sameTally(tally, trailer.tally))
    throw untrusted('its figures are not those of its lines');
  ends.trailer = trailer;
}

function sameTally(a: ManifestTally, b: ManifestTally): boolean {
  const roles = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof ManifestTally>;
  return [...roles].every((role) => a[role]?.objects === b[role]?.objects && a[role]?.bytes === b[role]?.bytes);
}

function parsed<T>(schema: z.ZodType<T>, line: Buffer, where: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    throw malformed(where, `its ${what} is no JSON`);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw malformed(where, `its ${what}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'of another form'}`);
}
