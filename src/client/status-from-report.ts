import type { RunReport, RunStatus } from '../runs/index.ts';

/** A closed run as its report tells it: for when no worker answers. */
export function statusFromReport(report: RunReport): RunStatus {
  const { kind, target, workflowId, runId, outcome, startedAt, endedAt, steps, pastNoReturn, actions } = report;
  return {
    kind,
    target,
    workflowId,
    runId,
    dryRun: outcome === 'planned',
    state: outcome,
    since: endedAt,
    startedAt,
    steps,
    pending: [],
    pastNoReturn,
    actions,
    ...(report.stepsBefore === undefined ? {} : { stepsBefore: report.stepsBefore }),
    ...(report.evidenceLeftOut === undefined ? {} : { evidenceLeftOut: report.evidenceLeftOut }),
    ...(report.requestedBy === undefined ? {} : { requestedBy: report.requestedBy }),
    ...(report.reason === undefined ? {} : { reason: report.reason }),
    ...(report.plan === undefined ? {} : { plan: report.plan }),
    ...(report.problem === undefined ? {} : { problem: report.problem }),
  };
}
