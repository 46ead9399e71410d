/** Something that says what a disk, an array or a partition is for: a file system, a member of an array, a table. */
export type Signature = { type: string; uuid?: string; label?: string; offset?: string };

/** The UUIDs of one life of a host. */
export type HostUuids = { array: string; label: string; partition: string; filesystem: string };

/** One disk that the inventory lists, as it was seen. */
export type DiskFacts = {
  serial: string;
  /** `/dev/disk/by-id/…`: no other name is ever acted on. */
  path: string;
  /** What the kernel calls it now: for people alone. */
  kernelName: string;
  bytes: number;
  /** The operating system lies on it, however many layers are in between. */
  system: boolean;
  /** What uses it, in words; an array by `array <uuid>`. */
  uses: readonly string[];
  signatures: readonly Signature[];
  /** Of an array, from its superblock. */
  member?: { array: string; name: string; events: number };
  /** Its first and last MiB hold nothing but zeros. */
  blankEdges: boolean;
  /** Of all evidence of what is on it, 12 hex digits. */
  digest: string;
  /** A wipe of it was begun, and not ended: the token's digest, and what was on it then. */
  wiping?: { digest: string; signatures: readonly string[] };
};

/** An array as the kernel has it. */
export type ArrayFacts = {
  uuid: string;
  /** What the kernel calls it now; `/dev/disk/by-id/md-uuid-…` is what is acted on. */
  kernelName: string;
  active: boolean;
  level: string;
  slots: number;
  /** Kernel names of the disks that are in it and in step. */
  members: readonly string[];
  /** All that it has taken, in step or not, also where it does not run. */
  holds: readonly string[];
  /** How many members it lacks. */
  degraded: number;
  /** `idle`, `resync`, `recover`, … */
  syncAction: string;
  bytes: number;
};

/** A partition as its table has it. Logical sectors of the array. */
export type PartitionFacts = { uuid: string; name: string; start: number; size: number };

/** What lies on the array. */
export type ContentFacts = {
  /** Signatures on the array itself. */
  signatures: readonly Signature[];
  table?: { label: string; uuid: string; lastSector?: number; partitions: readonly PartitionFacts[] };
  /** On its partition; `unfinished`: mkfs did not get to its end. */
  filesystem?: { type: string; uuid: string; label: string; unfinished: boolean };
};

/** All that was seen of the disks of a host. */
export type DisksFacts = {
  /** Of the inventory, those that are there. */
  disks: readonly DiskFacts[];
  /** Serial numbers of the inventory that no disk has, or more than one. */
  missing: readonly string[];
  arrays: readonly ArrayFacts[];
  /** Of the array that carries one of this host's UUIDs. */
  content?: ContentFacts;
};

/** A disk that is to be wiped, and what must still be on it then. */
export type Wipe = { serial: string; digest: string };
