import { z } from 'zod';
import type {
  ListProgress,
  OperatorAction,
  Parked,
  PhaseClock,
  PlanView,
  RunReport,
  RunStatus,
  StepRecord,
  TroubleRecord,
} from '../runs/index.ts';
import { closedStates, runStates } from '../runs/index.ts';
import { rebalancePlanShape } from './clickhouse/rebalance-shape.ts';

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

/** How far a list is: `ListProgress`. */
const listShape = z.object({
  total: z.number(),
  done: z.number(),
  changed: z.number(),
  failures: z.number(),
  underWay: z.number(),
  parked: z.number(),
  failedNames: z.array(z.string()),
  parkedNames: z.array(z.string()),
  names: z.array(z.string()),
  standing: z.boolean(),
  stopped: z.string().exactOptional(),
  msEach: z.number().exactOptional(),
}) satisfies z.ZodType<ListProgress>;

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
  list: listShape.exactOptional(),
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
  park: z.string().exactOptional(),
}) satisfies z.ZodType<OperatorAction>;

const parkedShape = z.object({
  id: z.string(),
  title: z.string(),
  step: z.string(),
  trouble: troubleShape,
  since: when,
  options: z.array(z.enum(['retry', 'skip', 'stop', 'abort'])),
  reminders: z.number(),
}) satisfies z.ZodType<Parked>;

/** One phase of a run, by its own clock. */
const clockShape = z.object({
  name: z.string(),
  startedAt: when,
  endedAt: when.exactOptional(),
  ms: z.number(),
  stoodMs: z.number(),
  times: z.number(),
}) satisfies z.ZodType<PhaseClock>;

/** What a status or a report has no room for. */
const leftOut = { stepsBefore: z.number().exactOptional(), evidenceLeftOut: z.number().exactOptional() };

/** How a run stands: `RunStatus`. */
export const statusShape = z.object({
  kind: z.string(),
  target: z.string(),
  workflowId: z.string(),
  runId: z.string(),
  proxyFor: z.string().exactOptional(),
  dryRun: z.boolean(),
  state: z.enum(runStates),
  since: when,
  startedAt: when,
  requestedBy: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  plan: planShape.exactOptional(),
  approval: z
    .object({
      needed: z.number(),
      expiresAt: when,
      given: z.array(z.string()).exactOptional(),
      signed: z.literal(true).exactOptional(),
    })
    .exactOptional(),
  steps: z.array(stepShape),
  ...leftOut,
  parked: parkedShape.exactOptional(),
  waiting: z
    .object({ domain: z.string(), region: z.string().exactOptional(), title: z.string(), since: when })
    .exactOptional(),
  ledger: z.array(clockShape).exactOptional(),
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
  ...leftOut,
  pages: z
    .array(z.object({ uri: z.string(), sha256: z.string(), bytes: z.number(), count: z.number() }))
    .exactOptional(),
  phases: z.array(z.object({ state: z.enum(runStates), at: when, ms: z.number() })),
  ledger: z.array(clockShape).exactOptional(),
  actions: z.array(actionShape),
  changed: z.boolean().exactOptional(),
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
