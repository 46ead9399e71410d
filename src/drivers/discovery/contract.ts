import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';

/** Where a group's primary is, and the epoch of the decision that put it there. */
export type DiscoveryEntry = { primary: { host: string; port: number }; epoch: number };

/** Where clients look a group's primary up. Its holder refuses an older epoch, so that a late writer can't turn it back. */
export type Discovery = {
  /** What clients are told now; undefined if the group was never announced. @throws DISCOVERY_UNREACHABLE, DISCOVERY_INVALID */
  read: () => Promise<DiscoveryEntry | undefined>;
  /**
   * Tells clients the new primary. Saying the same again is fine.
   * @throws DISCOVERY_UNREACHABLE, DISCOVERY_INVALID, DISCOVERY_REFUSED (a later decision is there)
   */
  redirect: (entry: DiscoveryEntry) => Promise<void>;
};

const entrySchema = z.object({
  group: z.string().optional(),
  primary: z.object({ host: z.string().min(1), port: z.number().int().min(1).max(65_535) }),
  epoch: z.number().int().nonnegative(),
});

/**
 * The text that an endpoint or a hook answered → an entry.
 * @throws DISCOVERY_INVALID for anything else, another group's entry included.
 */
export function parseEntry(text: string, group: string, source: string): DiscoveryEntry {
  const answer = entrySchema.safeParse(jsonOf(text));
  if (!answer.success) {
    throw new GantryError('DISCOVERY_INVALID', `${source}: ${z.prettifyError(answer.error)}`, {
      evidence: { answer: text.slice(0, 300) },
    });
  }
  const { primary, epoch, group: theirs } = answer.data;
  if (theirs !== undefined && theirs !== group) {
    throw new GantryError('DISCOVERY_INVALID', `${source} answers for the group ${theirs}, not ${group}`);
  }
  return { primary, epoch };
}

/** Checks that what was written is what was asked for. @throws DISCOVERY_INVALID */
export function confirm(written: DiscoveryEntry, asked: DiscoveryEntry, source: string): void {
  if (sameEntry(written, asked)) return;
  throw new GantryError('DISCOVERY_INVALID', `${source} took the write and answers something else`, {
    evidence: { asked, written },
  });
}

function sameEntry(a: DiscoveryEntry, b: DiscoveryEntry): boolean {
  return a.epoch === b.epoch && a.primary.host === b.primary.host && a.primary.port === b.primary.port;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
