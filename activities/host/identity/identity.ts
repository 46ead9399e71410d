import { isPlaceholderSerial } from '../../../src/platform/index.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import type { Seen } from '../access/look.ts';
import type { HostRecord } from './record.ts';
import { readRecord, recordOf } from './record.ts';

/** What a host says that it is. */
export type Identity = {
  /** Of its firmware; '' where it has none. */
  serial: string;
  /** Another one after every boot. */
  bootId: string;
  hostname: string;
  /** Which life of the machine this is; null before its first. */
  record: HostRecord | null;
};

/** The looks that an identity is read by. */
export const identityLooks = {
  serial: ['cat', '/sys/class/dmi/id/product_serial'],
  bootId: ['cat', '/proc/sys/kernel/random/boot_id'],
  hostname: ['uname', '-n'],
  record: readRecord,
} as const satisfies Record<string, readonly string[]>;

/** @throws HOST_STATE_FOREIGN for a record that cannot be read */
export function identityOf(seen: Readonly<Record<keyof typeof identityLooks, Seen>>, where: string): Identity {
  return {
    serial: seen.serial.text.trim(),
    bootId: seen.bootId.text.trim(),
    hostname: seen.hostname.text.trim(),
    record: recordOf(seen.record, where) ?? null,
  };
}

/** Why this is not the host that the inventory means; undefined where it is. */
export function identityFinding(
  wanted: string,
  { serial, record, hostname }: Identity,
): { code: ErrorCode; message: string } | undefined {
  const called = hostname === '' ? 'the host' : hostname;
  if (isPlaceholderSerial(serial)) {
    const message = `${called} has no serial number: its firmware says “${serial}”`;
    return { code: 'HOST_SERIAL_PLACEHOLDER', message };
  }
  if (serial !== wanted) {
    return { code: 'HOST_OTHER_SERIAL', message: `${called} answers with the serial number ${serial}, not ${wanted}` };
  }
  if (record && record.serial !== wanted) {
    const message = `${called} carries the record of ${record.serial}: its system disks may come from that machine`;
    return { code: 'HOST_STATE_FOREIGN', message };
  }
  return undefined;
}
