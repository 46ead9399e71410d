import { GantryError } from '../../errors/index.ts';

/** CRC-64 of Redis (Jones), reflected: 0xad93d23594c935a9. In halves of 32 bits, since BigInt is 30 times slower. */
const [low, high] = tables();

/** Checks an RDB as it passes by: what it begins with, its last opcode, and the checksum that it ends with. */
export type RdbCheck = {
  take: (chunk: Uint8Array) => void;
  /** @throws ARCHIVE_REDIS_SNAPSHOT_BROKEN */
  end: () => void;
};

const tailBytes = 9;

export function checkRdb(): RdbCheck {
  let head = Buffer.alloc(0);
  let tail = Buffer.alloc(0);
  let [crcLow, crcHigh] = [0, 0];
  const count = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += 1) {
      const index = (crcLow ^ (bytes[at] as number)) & 0xff;
      crcLow = ((crcLow >>> 8) | (crcHigh << 24)) ^ (low[index] as number);
      crcHigh = (crcHigh >>> 8) ^ (high[index] as number);
    }
  };
  return {
    take: (chunk) => {
      if (head.length < tailBytes) head = Buffer.concat([head, chunk.subarray(0, tailBytes - head.length)]);
      const all = tail.length > 0 ? Buffer.concat([tail, chunk]) : chunk;
      // The checksum itself, the last 8 bytes, is not under it.
      const passed = Math.max(0, all.length - tailBytes);
      count(all.subarray(0, passed));
      tail = Buffer.from(all.subarray(passed));
    },
    end: () => {
      if (!/^REDIS\d{4}/.test(head.toString('latin1'))) throw broken('it does not begin as one');
      if (tail.length < tailBytes || tail[0] !== 0xff) throw broken('it has no end');
      count(tail.subarray(0, 1));
      const [wantedLow, wantedHigh] = [tail.readUInt32LE(1), tail.readUInt32LE(5)];
      // All zero: `rdbchecksum no`.
      if (wantedLow === 0 && wantedHigh === 0) return;
      if (wantedLow !== crcLow >>> 0 || wantedHigh !== crcHigh >>> 0)
        throw broken('its checksum is not that of its content');
    },
  };
}

function tables(): [Int32Array, Int32Array] {
  const [lows, highs] = [new Int32Array(256), new Int32Array(256)];
  // 0x95ac9329ac4bc9b5 is that polynomial, reflected.
  const [polyLow, polyHigh] = [0xac4bc9b5 | 0, 0x95ac9329 | 0];
  for (let index = 0; index < 256; index += 1) {
    let [lo, hi] = [index, 0];
    for (let bit = 0; bit < 8; bit += 1) {
      const odd = lo & 1;
      lo = (lo >>> 1) | (hi << 31);
      hi = hi >>> 1;
      if (odd) {
        lo ^= polyLow;
        hi ^= polyHigh;
      }
    }
    lows[index] = lo;
    highs[index] = hi;
  }
  return [lows, highs];
}

function broken(why: string): GantryError {
  return new GantryError('ARCHIVE_REDIS_SNAPSHOT_BROKEN', `the snapshot is no whole RDB: ${why}`);
}
