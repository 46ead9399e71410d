import type { Client } from '@temporalio/client';
import { nextFire } from '../../runs/index.ts';
import { quoted } from '../list.ts';
import { ask } from '../server-error.ts';
import type { Installation, ScheduleIntent } from './desired.ts';
import { scheduleId } from './desired.ts';
import { describe } from './sync.ts';

/** A time at which a schedule should have started a run, and no run has that time. */
export type MissedFire = { name: string; at: string };

/** How one schedule did. `paused`: it starts nothing now, so that nothing of it counts as missed. */
export type FireAccount = {
  name: string;
  id: string;
  state: 'active' | 'paused' | 'absent';
  expected: number;
  started: number;
  missed: readonly MissedFire[];
};

/** A run that has just been started is not in the visibility store yet. Milliseconds. */
const settleMs = 60_000;
/** A schedule that fires each minute has 1,440 fires a day: so many are looked at. */
const most = 5_000;

/**
 * What should have fired since `since` and did not, by the runs that Temporal kept. Temporal itself reports missed fires
 * nowhere (temporal#8087). What was skipped because the run before had not ended counts as missed, too. Fires from before the
 * schedule was last changed are not judged: it may have had other times then.
 * @throws GantryError NO_SERVER
 */
export async function missedFires(
  client: Client,
  installation: Installation,
  intents: readonly ScheduleIntent[],
  { since, now }: { since: Date; now: Date },
): Promise<readonly FireAccount[]> {
  const accounts: FireAccount[] = [];
  for (const intent of intents) accounts.push(await accountOf(client, installation, intent, since, now));
  return accounts;
}

async function accountOf(
  client: Client,
  installation: Installation,
  { name, cron, timezone }: ScheduleIntent,
  since: Date,
  now: Date,
): Promise<FireAccount> {
  const id = scheduleId(installation, name);
  const none = { name, id, expected: 0, started: 0, missed: [] };
  const live = await describe(client, id);
  if (!live) return { ...none, state: 'absent' };
  if (live.state.paused) return { ...none, state: 'paused' };
  const changed = live.info.lastUpdatedAt ?? live.info.createdAt;
  const from = changed > since ? changed : since;
  const expected = firesBetween({ cron, timezone }, from, new Date(now.getTime() - settleMs));
  const started = await startedAt(client, id, from);
  const missed = expected.filter((at) => !started.has(at.getTime())).map((at) => ({ name, at: at.toISOString() }));
  return { name, id, state: 'active', expected: expected.length, started: expected.length - missed.length, missed };
}

function firesBetween(schedule: { cron: string; timezone: string }, from: Date, to: Date): Date[] {
  const fires: Date[] = [];
  for (let at = nextFire(schedule, from); at && at <= to && fires.length < most; at = nextFire(schedule, at))
    fires.push(at);
  return fires;
}

/** The times that the runs of a schedule were meant for, as Temporal notes them. */
async function startedAt(client: Client, id: string, from: Date): Promise<Set<number>> {
  const times = new Set<number>();
  await ask(client, async () => {
    const query = `TemporalScheduledById = ${quoted(id)} AND StartTime >= '${from.toISOString()}'`;
    for await (const { typedSearchAttributes } of client.workflow.list({ query, pageSize: 1_000 })) {
      const pair = typedSearchAttributes.getAll().find(({ key }) => key.name === 'TemporalScheduledStartTime');
      if (pair?.value instanceof Date) times.add(pair.value.getTime());
    }
  });
  return times;
}
