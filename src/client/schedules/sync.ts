import type { Client, ScheduleDescription } from '@temporalio/client';
import { ScheduleNotFoundError } from '@temporalio/client';
import { ask } from '../server-error.ts';
import type { ScheduleDifference } from './compare.ts';
import { differences } from './compare.ts';
import type { Installation, ScheduleIntent } from './desired.ts';
import { desiredSchedule, ownerMark, pausedByFile, prefixOf, scheduleId } from './desired.ts';

/** What a sync would do with one schedule. `foreign`: it has our prefix and not our mark, so it is left alone. */
export type ScheduleChange = {
  id: string;
  name: string;
  act: 'create' | 'update' | 'delete' | 'none' | 'foreign';
  differences: readonly ScheduleDifference[];
  /** Who paused it, where an operator did. */
  paused?: string;
};

/**
 * What the schedules of an installation lack, have otherwise and have too much, against what the platform file declares.
 * @throws GantryError NO_SERVER, SERVER_REFUSED
 */
export async function diffSchedules(
  client: Client,
  installation: Installation,
  intents: readonly ScheduleIntent[],
): Promise<readonly ScheduleChange[]> {
  const changes: ScheduleChange[] = [];
  for (const intent of intents) changes.push(await diffOne(client, installation, intent));
  const declared = new Set(intents.map(({ name }) => scheduleId(installation, name)));
  for (const id of await idsOf(client, installation)) {
    if (declared.has(id)) continue;
    const live = await describe(client, id);
    if (!live) continue;
    const name = id.slice(prefixOf(installation).length);
    changes.push({ id, name, act: isOurs(live, installation) ? 'delete' : 'foreign', differences: [] });
  }
  return changes;
}

/**
 * Makes the schedules what the platform file declares: creates, updates, and deletes what carries this installation's mark and
 * prefix and is declared no longer. Nothing else is touched. An operator's pause stays, with its note.
 * @throws GantryError NO_SERVER, SERVER_REFUSED; what was done until then stays, and another sync does the rest
 */
export async function syncSchedules(
  client: Client,
  installation: Installation,
  intents: readonly ScheduleIntent[],
): Promise<readonly ScheduleChange[]> {
  const changes = await diffSchedules(client, installation, intents);
  for (const { id, name, act } of changes) {
    const intent = intents.find((one) => one.name === name);
    if (act === 'create' && intent)
      await ask(client, () => client.schedule.create(desiredSchedule(intent, installation)));
    if (act === 'update' && intent) await update(client, installation, intent);
    if (act === 'delete') await ask(client, () => client.schedule.getHandle(id).delete());
  }
  return changes;
}

async function diffOne(client: Client, installation: Installation, intent: ScheduleIntent): Promise<ScheduleChange> {
  const id = scheduleId(installation, intent.name);
  const { name } = intent;
  const live = await describe(client, id);
  if (!live) return { id, name, act: 'create', differences: [] };
  if (!isOurs(live, installation)) return { id, name, act: 'foreign', differences: [] };
  const found = differences(live, desiredSchedule(intent, installation), intent);
  const { paused, note } = live.state;
  return {
    ...{ id, name, act: found.length > 0 ? 'update' : 'none', differences: found },
    ...(paused && note !== pausedByFile ? { paused: note ?? '' } : {}),
  };
}

async function update(client: Client, installation: Installation, intent: ScheduleIntent): Promise<void> {
  const { spec, action, policies } = desiredSchedule(intent, installation);
  const handle = client.schedule.getHandle(scheduleId(installation, intent.name));
  await ask(client, () =>
    handle.update(({ state }) => {
      const byOperator = state.paused && state.note !== pausedByFile;
      const kept = byOperator ? { paused: true, ...(state.note === undefined ? {} : { note: state.note }) } : undefined;
      const own = intent.paused ? { paused: true, note: pausedByFile } : { paused: false };
      return { spec, action, policies, state: kept ?? own };
    }),
  );
}

/** Listing is a moment behind: what it names is described before anything is done with it. */
async function idsOf(client: Client, installation: Installation): Promise<string[]> {
  const ids: string[] = [];
  await ask(client, async () => {
    for await (const { scheduleId: id } of client.schedule.list())
      if (id.startsWith(prefixOf(installation))) ids.push(id);
  });
  return ids.sort();
}

/** A schedule; undefined where there is none. @throws GantryError NO_SERVER */
export async function describe(client: Client, id: string): Promise<ScheduleDescription | undefined> {
  try {
    return await ask(client, () => client.schedule.getHandle(id).describe());
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
}

function isOurs({ memo }: ScheduleDescription, { name }: Installation): boolean {
  return memo?.[ownerMark] === name;
}
