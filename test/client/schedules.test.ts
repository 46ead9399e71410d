import { beforeEach, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import type { Installation, ScheduleIntent } from '../../src/client/index.ts';
import { diffSchedules, missedFires, syncSchedules } from '../../src/client/index.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

const intent = (name: string, change: Partial<ScheduleIntent> = {}): ScheduleIntent => ({
  ...{ name, kind: 'redis.switchover', cron: '10 2 * * mon-fri', timezone: 'Europe/Dublin', paused: false },
  input: { group: 'sessions', dryRun: true },
  ...change,
});

await describeWith(['temporal'], 'schedules as the platform file declares them', () => {
  const server = useTemporal();
  let count = 0;
  let installation: Installation;
  beforeEach(() => {
    installation = { name: `platform-${(count += 1)}`, taskQueue: 'gantry' };
  });
  const sync = (intents: ScheduleIntent[]) => syncSchedules(server().client, installation, intents);
  const acts = async (intents: ScheduleIntent[]) =>
    (await diffSchedules(server().client, installation, intents)).map(({ name, act }) => `${act} ${name}`);
  const idOf = (name: string): string => `gantry/${installation.name}/${name}`;
  const live = (name: string) => server().client.schedule.getHandle(idOf(name)).describe();
  /** Listing is a moment behind. */
  const isListed = async (id: string, there = true): Promise<void> => {
    const seen = await until(async () => {
      const ids: string[] = [];
      for await (const { scheduleId } of server().client.schedule.list()) ids.push(scheduleId);
      return ids.includes(id) === there;
    }, 30_000);
    expect(seen).toBe(true);
  };

  test('a second sync changes nothing, whatever the cron expression is', async () => {
    const crons = ['0 9 * * tue', '5/25 0 1 jan,jul *', '*/15 * * * *', '0 0 13 * fri', '30 2 * * 0-7'];
    const intents = crons.map((cron, at) => intent(`s${at}`, { cron }));
    expect((await sync(intents)).map(({ act }) => act)).toEqual(crons.map(() => 'create'));
    expect(await acts(intents)).toEqual(crons.map((_cron, at) => `none s${at}`));
    expect(await live('s0')).toMatchObject({
      policies: { overlap: 'SKIP', catchupWindow: 3_600_000, pauseOnFailure: false },
      action: {
        workflowType: 'redisSwitchover',
        args: [{ group: 'sessions', dryRun: true, requestedBy: 'schedule:s0' }],
      },
    });
    expect((await live('s2')).policies.catchupWindow).toBe(900_000);
  });

  test('what a person changed is found, field by field, and set right', async () => {
    await sync([intent('nightly')]);
    await server()
      .client.schedule.getHandle(idOf('nightly'))
      .update((before) => ({
        ...before,
        spec: { cronExpressions: ['10 3 * * *'], timezone: 'Europe/Dublin', jitter: 5_000 },
        action: { ...before.action, args: [{ group: 'other', requestedBy: 'schedule:nightly' }] },
      }));
    const [found] = await diffSchedules(server().client, installation, [intent('nightly')]);
    expect(found).toMatchObject({ act: 'update', differences: [{ field: 'input' }, { field: 'cron' }] });
    await sync([intent('nightly')]);
    expect(await acts([intent('nightly')])).toEqual(['none nightly']);
  });

  test('a schedule that is renamed leaves no orphan, and a foreign one stays', async () => {
    const { client } = server();
    await sync([intent('old')]);
    const foreign = {
      spec: { cronExpressions: ['0 0 1 1 *'] },
      action: { type: 'startWorkflow' as const, workflowType: 'any', taskQueue: 'any' },
    };
    await client.schedule.create({ ...foreign, scheduleId: idOf('by-hand') });
    await client.schedule.create({ ...foreign, scheduleId: `${installation.name}-nightly` });
    await isListed(idOf('old'));
    await isListed(idOf('by-hand'));
    expect((await acts([intent('new')])).sort()).toEqual(['create new', 'delete old', 'foreign by-hand']);
    await sync([intent('new')]);
    await isListed(idOf('old'), false);
    expect((await acts([intent('new')])).sort()).toEqual(['foreign by-hand', 'none new']);
    // Declared under the name of the foreign one: still not ours to change.
    expect((await sync([intent('new'), intent('by-hand')])).map(({ act }) => act)).toContain('foreign');
    expect((await live('by-hand')).action.workflowType).toBe('any');
    await client.schedule.getHandle(`${installation.name}-nightly`).describe();
  });

  test('an operator’s pause survives a sync with its note, and one of the file ends with the file’s word', async () => {
    await sync([intent('a'), intent('b', { paused: true })]);
    expect((await live('b')).state).toMatchObject({ paused: true, note: 'paused by the platform file' });
    await server().client.schedule.getHandle(idOf('a')).pause('INC-402, ask ann');
    const changed = [intent('a', { cron: '0 5 * * *' }), intent('b')];
    const changes = await sync(changed);
    expect(changes).toMatchObject([{ act: 'update', paused: 'INC-402, ask ann' }, { act: 'update' }]);
    expect((await live('a')).state).toMatchObject({ paused: true, note: 'INC-402, ask ann' });
    expect((await live('b')).state.paused).toBe(false);
    expect(await acts(changed)).toEqual(['none a', 'none b']);
  });

  test('what should have started and did not is listed, and what did is not', async () => {
    const { client } = server();
    const intents = [intent('each-minute', { cron: '* * * * *', timezone: 'UTC' }), intent('held', { paused: true })];
    await sync(intents);
    const since = new Date(Date.now() - 86_400_000);
    const account = (minutes: number) =>
      missedFires(client, installation, [...intents, intent('never-made')], {
        since,
        now: new Date(Date.now() + minutes * 60_000),
      });
    const fired = await until(async () => ((await account(2))[0]?.started ?? 0) > 0, 90_000, 500);
    expect(fired).toBe(true);
    // Of the next ten minutes no fire has happened yet: as after an outage.
    const [first, held, absent] = await account(10);
    expect(first?.state).toBe('active');
    expect(first?.missed.length).toBeGreaterThan(5);
    expect((first?.started ?? 0) + (first?.missed.length ?? 0)).toBe(first?.expected);
    expect(held).toMatchObject({ state: 'paused', missed: [] });
    expect(absent).toMatchObject({ state: 'absent' });
  });
});
