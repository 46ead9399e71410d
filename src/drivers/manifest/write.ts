import { createHash } from 'node:crypto';
import { createGzip } from 'node:zlib';
import type { BackupObject, ManifestHeader, ManifestTally, ManifestTrailer } from '../../runs/index.ts';
import { manifestSignedText } from '../../runs/index.ts';
import type { ManifestSigner } from './keys.ts';
import { through } from './lines.ts';

/**
 * A manifest as it is stored: gzip of one line of JSON for the header, each object and the trailer, which is signed. Objects
 * stream through. `onEnd` gets the trailer once it is made.
 */
export function writeManifest(
  header: ManifestHeader,
  objects: AsyncIterable<BackupObject>,
  signer: ManifestSigner,
  onEnd: (trailer: ManifestTrailer) => void = () => undefined,
): AsyncIterable<Uint8Array> {
  return through(lines(header, objects, signer, onEnd), createGzip());
}

async function* lines(
  header: ManifestHeader,
  objects: AsyncIterable<BackupObject>,
  signer: ManifestSigner,
  onEnd: (trailer: ManifestTrailer) => void,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const line = (value: object): Buffer => {
    const bytes = Buffer.from(`${JSON.stringify(value)}\n`, 'utf8');
    hash.update(bytes);
    return bytes;
  };
  yield line(header);
  const tally: ManifestTally = {};
  const all = { objects: 0, bytes: 0 };
  for await (const object of objects) {
    yield line(object);
    const ofRole = (tally[object.role] ??= { objects: 0, bytes: 0 });
    for (const sums of [ofRole, all]) {
      sums.objects += 1;
      sums.bytes += object.size;
    }
  }
  const sha256 = hash.digest('hex');
  const signature = { keyId: signer.keyId, ed25519: signer.sign(manifestSignedText(header, sha256)) };
  const trailer: ManifestTrailer = { ...all, tally, sha256, signature };
  onEnd(trailer);
  yield Buffer.from(`${JSON.stringify(trailer)}\n`, 'utf8');
}
