import { z } from 'zod';
import type {
  OperatorAction,
  Parked,
  PlanView,
  RunReport,
  RunStatus,
  StepRecord,
  TroubleRecord,
} from '../runs/index.ts';
import { closedStates, runStates } from '../runs/index.ts';
import { rebalancePlanShape } from './rebalance-shape.ts';

// The shapes of src/runs as schemas: the CLI's `--json` contract and the API's answers. Loose where a later version may
// add fields; `satisfies` keeps them from drifting.

const when = z.iso.datetime();

const problem = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  place: z.string().exactOptional(),
});

/** What went wrong, for people: `TroubleRecord`. */
export const troubleShape = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string(),
  problems: z.array(problem),
  evidence: z.record(z.string(), z.unknown()),
}) satisfies z.ZodType<TroubleRecord>;

export const planShape = z.object({
  title: z.string(),
  hash: z.string(),
  platformDigest: z.string(),
  actions: z.array(
    z.object({ step: z.string(), what: z.string(), reversible: z.boolean(), estimateMs: z.number().exactOptional() }),
  ),
  facts: z.array(z.object({ label: z.string(), value: z.string() })),
  warnings: z.array(z.string()),
  irreversible: z.array(z.string()),
  voidIf: z.array(z.string()),
  picture: z.object({ kind: z.literal('rebalance'), plan: rebalancePlanShape }).exactOptional(),
}) satisfies z.ZodType<PlanView>;

export const stepShape = z.object({
  title: z.string(),
  step: z.string(),
  state: z.enum(['pending', 'looking', 'running', 'done', 'unchanged', 'failed', 'skipped', 'undoing', 'undone']),
  changed: z.boolean(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  summary: z.string().exactOptional(),
  startedAt: when.exactOptional(),
  ms: z.number().exactOptional(),
  attempts: z.number().exactOptional(),
  note: z.string().exactOptional(),
  run: z
    .object({
      workflowId: z.string(),
      runId: z.string().exactOptional(),
      state: z.enum([...runStates, 'pending']),
    })
    .exactOptional(),
}) satisfies z.ZodType<StepRecord>;

const actionShape = z.object({
  at: when,
  action: z.string(),
  by: z.string(),
  reason: z.string().exactOptional(),
  note: z.string().exactOptional(),
}) satisfies z.ZodType<OperatorAction>;

const parkedShape = z.object({
  title: z.string(),
  step: z.string(),
  trouble: troubleShape,
  since: when,
  options: z.array(z.enum(['retry', 'skip', 'stop', 'abort'])),
  reminders: z.number(),
}) satisfies z.ZodType<Parked>;

/** How a run stands: `RunStatus`. */
export const statusShape = z.object({
  kind: z.string(),
  target: z.string(),
  workflowId: z.string(),
  runId: z.string(),
  frontOf: z.string().exactOptional(),
  dryRun: z.boolean(),
  state: z.enum(runStates),
  since: when,
  startedAt: when,
  requestedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  plan: planShape.exactOptional(),
  approval: z.object({ needed: z.number(), expiresAt: when }).exactOptional(),
  steps: z.array(stepShape),
  parked: parkedShape.exactOptional(),
  pending: z.array(z.enum(['pause', 'abort', 'preempt'])),
  pastNoReturn: z.boolean(),
  actions: z.array(actionShape),
  problem: troubleShape.exactOptional(),
}) satisfies z.ZodType<RunStatus>;

/** How a run went: `RunReport`. */
export const reportShape = z.object({
  kind: z.string(),
  target: z.string(),
  workflowId: z.string(),
  runId: z.string(),
  outcome: z.enum(closedStates),
  startedAt: when,
  endedAt: when,
  ms: z.number(),
  requestedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  plan: planShape.exactOptional(),
  steps: z.array(stepShape),
  phases: z.array(z.object({ state: z.enum(runStates), at: when, ms: z.number() })),
  actions: z.array(actionShape),
  measurements: z.record(z.string(), z.number()),
  pastNoReturn: z.boolean(),
  leftBehind: z.array(z.string()),
  problem: troubleShape.exactOptional(),
  published: z.string().exactOptional(),
  publishProblem: troubleShape.exactOptional(),
}) satisfies z.ZodType<RunReport>;

/** One line of a list of runs: what visibility knows. */
export const listedRunShape = z.object({
  kind: z.string(),
  target: z.string(),
  workflowId: z.string(),
  runId: z.string(),
  state: z.enum(runStates),
  execution: z.string(),
  taskQueue: z.string(),
  startedAt: when,
  closedAt: when.exactOptional(),
  closed: z.boolean(),
});
