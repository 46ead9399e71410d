import { z } from 'zod';
import type { GuardKnowledge, GuardStatus } from '../../runs/index.ts';
import { guardKind, guardModes, guardStates } from '../../runs/index.ts';

const sample = z.object({
  node: z.string(),
  offset: z.number(),
  at: z.string(),
  own: z
    .object({
      minReplicasToWrite: z.number(),
      minReplicasMaxLagSeconds: z.number(),
      replicas: z.array(z.string()),
    })
    .exactOptional(),
});
const lag = z.object({
  replica: z.string(),
  online: z.boolean(),
  lagBytes: z.number(),
  ackedSecondsAgo: z.number(),
});
const finding = z.object({ code: z.string(), message: z.string(), place: z.string().exactOptional() });

/** What the watch of a guard has told last. */
export const guardKnowledgeShape = z.object({
  primary: z.string().exactOptional(),
  last: sample.exactOptional(),
  lags: z.array(lag),
  findings: z.array(finding),
  auditedAt: z.string().exactOptional(),
  silent: z.object({ node: z.string(), since: z.string(), why: z.string() }).exactOptional(),
}) satisfies z.ZodType<GuardKnowledge>;

/** The status of a guard, as `--json` prints it. */
export const guardStatusShape = z.object({
  kind: z.literal(guardKind),
  target: z.string(),
  workflowId: z.string(),
  runId: z.string(),
  proxyFor: z.string().exactOptional(),
  state: z.enum(guardStates),
  since: z.string(),
  startedAt: z.string(),
  mode: z.enum(guardModes),
  restraint: z.string().exactOptional(),
  requestedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  primary: z.string().exactOptional(),
  last: sample.exactOptional(),
  lags: z.array(lag),
  auditedAt: z.string().exactOptional(),
  findings: z.array(finding.extend({ since: z.string(), announced: z.boolean(), during: z.string().exactOptional() })),
  alarm: z
    .object({
      node: z.string(),
      since: z.string(),
      why: z.string(),
      refusals: z.number(),
      lastRefusal: z.object({ code: z.string(), message: z.string(), at: z.string() }).exactOptional(),
      nextTryAt: z.string().exactOptional(),
      readMs: z.number().exactOptional(),
    })
    .exactOptional(),
  unwatched: z.object({ since: z.string(), code: z.string(), message: z.string(), times: z.number() }).exactOptional(),
  paused: z
    .object({ by: z.string(), reason: z.string(), since: z.string(), until: z.string().exactOptional() })
    .exactOptional(),
  failovers: z.array(
    z.object({
      workflowId: z.string(),
      runId: z.string(),
      startedAt: z.string(),
      node: z.string(),
      lastKnownOffset: z.number().exactOptional(),
      outcome: z.string().exactOptional(),
      code: z.string().exactOptional(),
      message: z.string().exactOptional(),
      endedAt: z.string().exactOptional(),
    }),
  ),
  actions: z.array(
    z.object({ at: z.string(), action: z.string(), by: z.string(), reason: z.string().exactOptional() }),
  ),
  slices: z.number(),
  samples: z.number(),
}) satisfies z.ZodType<GuardStatus>;
