import { GantryError } from '../../../src/errors/index.ts';
import type { ClickHouseMoveData } from '../../../src/planning/clickhouse/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import type { IngestHooks } from '../access/ingest-hooks.ts';
import { quietSeconds, withSide } from '../partition/move.ts';

/** A partition, and where its rows lie if that is to be looked at. */
type Of = Pick<ClickHouseMoveData, 'cluster' | 'table' | 'name' | 'partition'> &
  Partial<Pick<ClickHouseMoveData, 'source' | 'back' | 'fenced'>>;
/** `proven`: every row is known to be there since a move ended: a file's age says nothing more. */
type Hold = Of & { proven?: boolean };
type Held = { held: boolean; evidence: string };

const askEveryMs = 200;
/** How long the writers may take to stop. */
const holdWithinMs = 60_000;
/** What this attempt has let go on; the programs confirm only the opposite. */
const opened = new WeakSet<StepContext>();

/**
 * Nobody writes to the partition from here on: the programs of the platform file hold its writers back and confirm it. With
 * `quiet` nobody is held; then the source must have taken no row for as long as the file says.
 */
export const holdIngest = defineStep<Hold, Held, ClickHouseDeps>({
  name: 'clickhouse.hold-ingest',
  settleMs: 0,
  probe: async (data, { clusters }, context) => {
    const access = await clusters(data.cluster);
    const hooks = hooksOf(access, data, context);
    if (!hooks) return quiet(access, data, context);
    const { confirmed, evidence } = await hooks.confirm(context.signal);
    const seen = { held: confirmed, evidence };
    return confirmed ? done(seen, `writers of ${data.partition} are held: ${evidence}`) : todo(seen, evidence);
  },
  apply: async (data, _seen, { clusters }, context) => {
    const hooks = hooksOf(await clusters(data.cluster), data, context);
    if (!hooks) return;
    const startedAt = performance.now();
    await hooks.close(context.signal);
    for (;;) {
      const { confirmed, evidence } = await hooks.confirm(context.signal);
      const ms = performance.now() - startedAt;
      if (confirmed) return context.measure('holdMs', ms);
      if (ms > holdWithinMs) {
        const message = `the writers of ${data.partition} are not held after ${Math.round(ms / 1_000)} s: ${evidence}`;
        throw new GantryError('CLICKHOUSE_INGEST_NOT_HELD', message);
      }
      await wait(askEveryMs, context.signal);
    }
  },
  undo: async (data, _before, { clusters }, context) =>
    hooksOf(await clusters(data.cluster), data, context)?.open(context.signal),
});

/** Lets the writers go on. */
export const openIngest = defineStep<Of, Held, ClickHouseDeps>({
  name: 'clickhouse.open-ingest',
  settleMs: 0,
  probe: async (data, { clusters }, context) => {
    const hooks = hooksOf(await clusters(data.cluster), data, context);
    if (!hooks) return done({ held: false, evidence: 'quiet' }, 'no writer was held back');
    if (opened.has(context)) return done({ held: false, evidence: 'opened' }, `writers of ${data.partition} go on`);
    const { confirmed, evidence } = await hooks.confirm(context.signal);
    return todo({ held: confirmed, evidence }, `writers of ${data.partition} are ${confirmed ? '' : 'perhaps '}held`);
  },
  apply: async (data, _seen, { clusters }, context) => {
    await hooksOf(await clusters(data.cluster), data, context)?.open(context.signal);
    opened.add(context);
  },
});

/** @throws CLICKHOUSE_FENCE_GONE where the plan was made with programs: "no writer is held" would leave the writers held for good */
function hooksOf(
  access: ClickHouseClusterAccess,
  { cluster, table, name, partition, fenced }: Of,
  { unit }: StepContext,
): IngestHooks | undefined {
  const { fence } = tableOf(access, table);
  if (fence.kind === 'quiet') {
    if (!fenced) return undefined;
    const message = `the run was planned with programs that hold the writers of ${partition}; the platform file of this worker names none for ${table}`;
    throw new GantryError('CLICKHOUSE_FENCE_GONE', message, { evidence: { table, fence } });
  }
  // Close and open belong to the same run, not to the same step.
  const run = unit.slice(0, unit.lastIndexOf('/'));
  return access.ingest(fence, { cluster, ...name, partition, unit: run });
}

async function quiet(access: ClickHouseClusterAccess, data: Hold, context: StepContext): Promise<Probe<Held>> {
  const { source } = data;
  if (data.proven || !source)
    return done({ held: false, evidence: 'proven' }, 'no writer is held back; no row came since the move');
  const { fence } = tableOf(access, data.table);
  const forMs = fence.kind === 'quiet' ? fence.forMs : 0;
  const seconds = await withSide(access, source, context, async (nodes) => {
    const parts = await Promise.all(nodes.map((node) => node.parts(data.name, data.partition)));
    return Math.min(...parts.map((of) => quietSeconds(of, data.back?.moved)));
  });
  const evidence =
    seconds < 0
      ? `${data.partition} was written ${-seconds} s after what its server's clock says`
      : `${data.partition} was written to ${seconds === Infinity ? 'by the move alone' : `${seconds} s ago`}`;
  if (seconds >= 0 && seconds * 1_000 >= forMs)
    return done({ held: false, evidence }, `no writer is held back; ${evidence}`);
  return blocked('CLICKHOUSE_PARTITION_OPEN', { held: false, evidence }, `${evidence}; quiet means ${forMs / 1_000} s`);
}
