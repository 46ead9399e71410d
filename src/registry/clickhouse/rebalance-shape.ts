import { z } from 'zod';
import type { RebalancePlan } from '../../runs/index.ts';

const move = z.object({
  order: z.number(),
  wave: z.number(),
  partition: z.string(),
  tier: z.string(),
  from: z.string(),
  to: z.string(),
  rows: z.number(),
  bytes: z.number(),
  parts: z.number(),
  heat: z.number().exactOptional(),
  startsAfterMs: z.number(),
  takesMs: z.number(),
  undo: z.enum(['drop', 'reverse-move']),
  mergesWithParts: z.number(),
  why: z.string(),
});

const share = z.object({
  shard: z.string(),
  tier: z.string(),
  weight: z.number(),
  beforeBytes: z.number(),
  afterBytes: z.number(),
  shareBytes: z.number(),
  lowBytes: z.number(),
  highBytes: z.number(),
  targetBytes: z.number(),
  freeBeforeBytes: z.number(),
  freeLeastBytes: z.number(),
  heatBefore: z.number(),
  heatAfter: z.number(),
  within: z.boolean(),
  why: z.string().exactOptional(),
});

const left = z.object({
  reason: z.enum([
    ...(['not-needed', 'open', 'flagged', 'would-merge', 'no-room', 'not-worth-it', 'over-limit'] as const),
    'shard-takes-none',
  ]),
  shard: z.string(),
  tier: z.string(),
  partitions: z.number(),
  bytes: z.number(),
  examples: z.array(z.string()),
  why: z.string(),
});

/** A plan of partition moves: `RebalancePlan`. */
export const rebalancePlanShape = z.object({
  cluster: z.string(),
  table: z.string(),
  moves: z.array(move),
  shares: z.array(share),
  left: z.array(left),
  movedBytes: z.number(),
  movedRows: z.number(),
  durationMs: z.number(),
  balanced: z.boolean(),
  summary: z.array(z.string()),
}) satisfies z.ZodType<RebalancePlan>;
