import { z } from 'zod';
import { always } from '../schema/relaxed.ts';
import { duration, rename } from '../schema/units.ts';

/** Ten minutes: a watch that nobody hears of for longer is no watch, and a shorter one fills the history. */
const longestSliceMs = 600_000;

const accepted = z.string().regex(/^[A-Z][A-Z0-9_]+(@[A-Za-z0-9][A-Za-z0-9._-]*)?$/, {
  error: 'a code of docs/reference/errors.md, for one node as CODE@node',
});

/** How a group is watched by its guard. What the guard does about a dead primary is `failover.mode`. */
export const guard = z
  .strictObject({
    sampleEvery: duration.prefault('1s').describe('How often the offset is read: the RPO is known to this.'),
    auditEvery: duration.prefault('1m').describe('How often all nodes are compared with this file and each other.'),
    slice: duration.prefault('10m').describe('How long one watch lasts; at most 10m.'),
    unwatchedAfter: duration
      .prefault('1m')
      .describe('How long the group may be without a worker that watches before people are told.'),
    retryFirst: duration
      .prefault('15s')
      .describe('Wait after a failover that was refused or failed; doubled each time.'),
    retryMax: duration.prefault('10m').describe('The longest wait between two such failovers.'),
    accept: z
      .array(accepted)
      .default([])
      .describe('Findings that are intended here: REDIS_NO_PERSISTENCE, REDIS_REPLICA_PRIORITY_ZERO@node.'),
  })
  .superRefine(({ sampleEvery, auditEvery, slice, unwatchedAfter, retryFirst, retryMax }, context) => {
    const refuse = (path: string, message: string): void => context.addIssue({ code: 'custom', message, path: [path] });
    if (sampleEvery < 100) refuse('sampleEvery', 'must be 100ms or more');
    if (auditEvery < sampleEvery) refuse('auditEvery', 'must not be shorter than sampleEvery');
    if (slice > longestSliceMs) refuse('slice', 'must be 10m or less');
    if (slice < 1_000) refuse('slice', 'must be 1s or more');
    if (unwatchedAfter < 1_000) refuse('unwatchedAfter', 'must be 1s or more');
    if (retryFirst < 1_000) refuse('retryFirst', 'must be 1s or more');
    if (retryMax < retryFirst) refuse('retryMax', 'must not be shorter than retryFirst');
  }, always)
  .transform(
    rename({
      sampleEvery: 'sampleEveryMs',
      auditEvery: 'auditEveryMs',
      slice: 'sliceMs',
      unwatchedAfter: 'unwatchedAfterMs',
      retryFirst: 'retryFirstMs',
      retryMax: 'retryMaxMs',
    }),
  );

export type RedisGuard = z.output<typeof guard>;

/** What a group gets that says nothing about its guard. */
export const guardDefaults: RedisGuard = guard.parse({});
