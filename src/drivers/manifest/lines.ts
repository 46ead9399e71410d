import type { Transform } from 'node:stream';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { GantryError } from '../../errors/index.ts';

/** No line of ours is near it: what is longer was not written by Gantry. */
const lineBytes = 64 * 1024;

/** gzip → its lines, without their ends. @throws ARCHIVE_MANIFEST_MALFORMED naming `where`; what `body` throws */
export async function* gunzippedLines(body: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Buffer> {
  const chunks = through(body, createGunzip());
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of chunks) {
      let from = 0;
      const whole = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      for (let at = whole.indexOf(10); at >= 0; at = whole.indexOf(10, from)) {
        yield whole.subarray(from, at);
        from = at + 1;
      }
      rest = Buffer.from(whole.subarray(from));
      if (rest.length > lineBytes) throw malformed(where, 'it has a line that is too long');
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof GantryError || !code?.startsWith('Z_')) throw error;
    throw malformed(where, `it is no whole gzip: ${message}`);
  }
  if (rest.length > 0) throw malformed(where, 'its last line has no end');
}

/** A body through a transform: what breaks one ends the other, with its reason. */
export function through(body: AsyncIterable<Uint8Array>, transform: Transform): AsyncIterable<Buffer> {
  // Whoever reads the transform gets the error.
  pipeline(Readable.from(body), transform, () => undefined);
  return transform as AsyncIterable<Buffer>;
}

/** What cannot be read as what it should be. */
export function malformed(where: string, why: string): GantryError {
  return new GantryError('ARCHIVE_MANIFEST_MALFORMED', `${where}: ${why}`, { evidence: { where } });
}
