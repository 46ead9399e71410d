import { expect, test } from 'vitest';
import { checkRdb } from '../../../src/drivers/redis-files/index.ts';

// Redis 7.0, `DEBUG` off: a header, no key, the last opcode; the checksum by redis/src/crc64.c (its own test: "123456789").
const known = Buffer.from('123456789');

const checked = (content: Uint8Array, piece = 3): void => {
  const check = checkRdb();
  for (let at = 0; at < content.length; at += piece) check.take(content.subarray(at, at + piece));
  check.end();
};

/** The checksum as redis/src/crc64.c makes it, bit by bit. */
function crc64(bytes: Uint8Array): bigint {
  let crc = 0n;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1n ? (crc >> 1n) ^ 0x95ac9329ac4bc9b5n : crc >> 1n;
  }
  return crc;
}

function rdb(body: string): Buffer {
  const content = Buffer.concat([Buffer.from(`REDIS0011${body}`), Buffer.from([0xff])]);
  const sum = Buffer.alloc(8);
  sum.writeBigUInt64LE(crc64(content));
  return Buffer.concat([content, sum]);
}

test('the reference is that of Redis', () => {
  expect(crc64(known)).toBe(0xe9c6d914c4b8d9can);
});

test('a whole snapshot is right in whatever pieces it comes, and wrong with any bit changed or its end missing', () => {
  const content = rdb('some keys and their values, '.repeat(5));
  for (const piece of [1, 2, 7, 8, 9, 10, 1_000]) expect(() => checked(content, piece)).not.toThrow();
  for (let at = 0; at < content.length; at += 1) {
    const changed = Buffer.from(content);
    changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
    expect(() => checked(changed), `byte ${at}`).toThrow(/the snapshot is no whole RDB/);
    expect(() => checked(content.subarray(0, at)), `${at} bytes`).toThrow(/the snapshot is no whole RDB/);
  }
});

test('a snapshot without a checksum (rdbchecksum no) is taken as it is', () => {
  const content = Buffer.concat([rdb('x').subarray(0, -8), Buffer.alloc(8)]);
  expect(() => checked(content)).not.toThrow();
});
