import type { HostClass } from '../../../../src/platform/index.ts';

/**
 * What is wrong with one control, in words. `cure`: `apply`: Gantry can put it right now; `reboot`: it is set, and the kernel takes
 * it at its next start; `none`: a person must.
 */
export type Flaw = { what: string; cure: 'apply' | 'reboot' | 'none' };

/**
 * One line of the runbook's table (H8), as data: how it is read, what is wanted, how it is put right and taken back. Shell is POSIX
 * and runs as root on the host; nothing is interpolated into it but words that `shellLine` quoted.
 */
export type Control = {
  /** Kebab-case, unique. */
  name: string;
  /** What is wanted, in words. */
  wanted: string;
  /** Where the rule comes from. */
  source: string;
  /** Prints facts that stay the same while nothing changes: no time, no counter, no process id. It is part of the digest. */
  read: string;
  /** Files that belong to Gantry, whole. They are written before `apply`, with mode 0644, or 0755 below /usr/local/lib. */
  files?: Readonly<Record<string, string>>;
  /** Files that `apply` writes itself. Their former contents are kept for the undo. */
  writes?: readonly string[];
  /** Nothing: it is as wanted. Differing `files` are found without it. */
  judge: (lines: readonly string[]) => Flaw | undefined;
  apply?: string;
  /** `apply` and `restore` may take minutes: each is a named unit of the host, which a later attempt finds. */
  long?: true;
  /** After the files are as they were. `$1`: what `read` printed before. */
  restore?: string;
};

/** The part of a class that the controls depend on. */
export type HardeningClass = Pick<HostClass, 'hardening'>;

/** `has <word>` of a reading. */
export function says(lines: readonly string[], line: string): boolean {
  return lines.includes(line);
}

/** A flaw that Gantry can put right, unless `ok`. */
export function unless(ok: boolean, what: string, cure: Flaw['cure'] = 'apply'): Flaw | undefined {
  return ok ? undefined : { what, cure };
}
