import type { CatalogueEntry } from './entry.ts';

/** Errors of the host domain: which host it is, what it is made of, what its commands answer. */
export const hostErrors = {
  HOST_UNKNOWN: {
    meaning: 'The inventory of the platform file has no host with this serial number.',
    retryable: false,
    hint: 'Add the host under `hosts.inventory`, or correct the serial number; `gantry platform check`.',
  },
  HOST_POOL_EMPTY: {
    meaning: 'The inventory of the platform file has no host of this class in this zone.',
    retryable: false,
    hint: 'Correct the zone or the class, or add the hosts under `hosts.inventory`.',
  },
  HOST_NOT_IN_POOL: {
    meaning: 'A host that was asked for by its serial number is not of this class in this zone.',
    retryable: false,
    hint: 'Leave it out of `serials`, or correct its line in `hosts.inventory`.',
  },
  HOST_OTHER_SERIAL: {
    meaning: 'The host that answers at the address in the inventory has another serial number in its firmware.',
    retryable: false,
    hint: 'Correct `address` or the serial number in `hosts.inventory`. On the host: `dmidecode -s system-serial-number`. Nothing was changed on it.',
  },
  HOST_SERIAL_PLACEHOLDER: {
    meaning:
      'The firmware of the host has no serial number but a text that many machines share, so that nothing derived from it would be unique.',
    retryable: false,
    hint: 'Set the serial number in the firmware (the vendor’s tool, or `ipmitool fru edit`), and enter it in `hosts.inventory`.',
  },
  HOST_STATE_FOREIGN: {
    meaning:
      'The host carries the record of another machine: the file that says which life of which machine this is names another serial number, or cannot be read.',
    retryable: false,
    hint: 'The system disks may come from another host. Look at /var/lib/gantry/host.json on the host; if this is that case, install the system again, or remove the file.',
  },
  HOST_DOES_NOT_MATCH: {
    meaning: 'The host is not what its class in the platform file says.',
    retryable: false,
    hint: 'Every mismatch is listed with its place. Repair the host, or correct its class in `hosts.classes`; then start again.',
  },
  HOST_COMMAND_FAILED: {
    meaning: 'A command on the host ended with an error.',
    retryable: true,
    hint: 'The message has what it printed. `gantry retry <id>` looks before it acts.',
  },
  HOST_ANSWER_UNREADABLE: {
    meaning: 'The host answered something that Gantry cannot read, so that nothing may be decided from it.',
    retryable: true,
    hint: 'Run the command of the message on the host: the tool may be missing, too old, or its output was cut.',
  },
  HOST_FILE_CHANGED: {
    meaning: 'A file of the host was changed by another client between the look at it and the write.',
    retryable: true,
    hint: 'Find out who edits the file of the message. `gantry retry <id>` reads it again.',
  },
  HOST_SYSTEM_DISK_FULL: {
    meaning: 'The file system of the host’s operating system has no room.',
    retryable: false,
    hint: 'On the host: `df -h / /boot /var`, `journalctl --disk-usage`. Free space, then `gantry retry <id>`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
