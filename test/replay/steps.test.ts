import { describe, expect, test } from 'vitest';
import type { KindDefinition, RunReport } from '../../src/runs/index.ts';
import { isKind, kinds } from '../../src/runs/index.ts';
import { fixtures } from './fixtures.ts';

/** What a recorded run ended with; nothing where it never got as far as a plan. */
function reportOf(events: readonly unknown[]): RunReport | undefined {
  const end = events.at(-1) as {
    workflowExecutionCompletedEventAttributes?: { result?: Payloads };
  };
  const report = answerOf<Partial<RunReport>>(end.workflowExecutionCompletedEventAttributes?.result);
  return report?.plan && report.steps ? (report as RunReport) : undefined;
}

/** What every plan of a run announced: one that asks again on its way has more than the one of its report. */
function announcedIn({ plan }: RunReport, events: readonly unknown[]): string[] {
  const others = events.flatMap((event) => {
    const { activityTaskCompletedEventAttributes: end } = event as {
      activityTaskCompletedEventAttributes?: { result?: Payloads };
    };
    // What people did is called actions too, and names no step.
    const answer = answerOf<{ actions?: readonly { step?: string }[] }>(end?.result);
    return answer?.actions?.flatMap(({ step }) => step ?? []) ?? [];
  });
  return [...(plan?.actions ?? []).map(({ step }) => step), ...others];
}

/** An answer of nothing has no data. */
function answerOf<T>(result: Payloads | undefined): T | undefined {
  const [payload] = result?.payloads ?? [];
  const data = payload?.data;
  return data === undefined ? undefined : (JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as T);
}

type Payloads = { payloads: { data?: string }[] };

/** Late rows, writers to hold and a lease to wait for are not always there: the plan says so in words. */
function conditional(kind: string): string[] {
  // Only of a backup that failed.
  if (kind === 'archive.drill') return ['archive.mark-backup'];
  if (kind === 'redis.failover') return ['run.wait', 'redis.lease-ended'];
  return [
    'clickhouse.bring-back',
    ...(kind === 'clickhouse.key-reshard' ? ['clickhouse.hold-ingest', 'clickhouse.open-ingest'] : []),
  ];
}

const recorded = fixtures().flatMap(({ name, history }) => {
  const report = reportOf(history.events);
  return report ? [{ name, report, announced: announcedIn(report, history.events) }] : [];
});

describe('a recorded run', () => {
  test.each(recorded)('$name does what its plan announced, and nothing else', ({ report, announced }) => {
    const done = report.steps.map(({ step }) => step).filter((step) => step !== 'run.hold');
    expect(done.filter((step) => !announced.includes(step))).toEqual([]);
    // One that came to its end did all of it, but for what only some of them have to do.
    const left = report.outcome === 'done' ? announced.filter((step) => !done.includes(step)) : [];
    expect(left.filter((step) => !conditional(report.kind).includes(step))).toEqual([]);
  });

  test.each(recorded)('$name takes only steps of its kind', ({ report }) => {
    const {
      steps,
      covers = [],
      gates = [],
    }: KindDefinition = isKind(report.kind) ? kinds[report.kind] : { targetFields: [''], steps: [] };
    const known = [...steps.map((step) => `${report.kind.split('.')[0]}.${step}`), ...covers, ...gates];
    expect(
      report.steps
        .map(({ step }) => step)
        .filter((step) => !['run.wait', 'run.hold'].includes(step) && !known.includes(step)),
    ).toEqual([]);
  });
});
