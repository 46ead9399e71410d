import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { syncSchedules } from '../../src/client/index.ts';
import type { RunStatus } from '../../src/runs/index.ts';
import { gantry } from '../cli/terminal.ts';
import type { AccessRig, Name } from '../support/access-rig.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

const planHash = 'hash-as ever';
const ways = ['API', 'command line', 'bare client', 'schedule'] as const;
type Way = (typeof ways)[number];

/** What comes of a rule on each way in: a code, or what happened. A schedule has no person behind it. */
type Row = Record<Way, string | undefined>;
const everywhere = (what: string): Row => Object.fromEntries(ways.map((way) => [way, what])) as Row;

/**
 * The table. `started` in the row of the role is no mistake of this test: on these ways Gantry is not asked. The Temporal
 * server has to refuse them by its own authentication.
 */
const rules = {
  'a viewer starts a run': { ...everywhere('started'), API: 'API_FORBIDDEN', schedule: undefined },
  'a viewer approves': { ...everywhere('APPROVAL_UNSIGNED'), API: 'API_FORBIDDEN', schedule: undefined },
  'the requester approves': { ...everywhere('APPROVAL_UNSIGNED'), API: 'APPROVAL_OWN', schedule: undefined },
  'an approver approves': { ...everywhere('APPROVAL_UNSIGNED'), API: 'taken', schedule: undefined },
  'one of two people approves over the API': everywhere('awaiting-approval'),
  'the second one approves, too': everywhere('done'),
  'the target is frozen': everywhere('refused CHANGE_FREEZE'),
  'the approval expires': everywhere('refused APPROVAL_EXPIRED'),
} satisfies Record<string, Row>;

await describeWith(['temporal'], 'every rule on every way in', () => {
  const server = useTemporal();
  let rig: AccessRig;
  /** The same, whose approvals expire at once. */
  let hasty: AccessRig;
  let groups = 0;

  beforeAll(async () => {
    const freezes = [
      {
        name: 'audit',
        from: '2020-01-01T00:00:00Z',
        to: '2999-01-01T00:00:00Z',
        targets: ['frozen'],
        reason: 'a test',
      },
    ];
    rig = await startAccessRig(server(), { freezes, policies: { default: { approval: { people: 2 } } } });
    hasty = await startAccessRig(server(), {
      policies: { default: { approval: { people: 2, expiresAfter: '1s' } } },
    });
  });
  afterAll(async () => {
    await rig?.stop();
    await hasty?.stop();
  });

  const envOf = ({ taskQueue }: AccessRig) => ({ TEMPORAL_ADDRESS: server().address, GANTRY_TASK_QUEUE: taskQueue });

  /** Starts a run of this person on this way. Answers `started`, or the code of the refusal. */
  async function start(way: Way, { client, taskQueue, send }: AccessRig, who: Name, group: string): Promise<string> {
    if (way === 'API') {
      const { status, body } = await send<{ title: string }>(who, 'POST', '/v1/redis/switchover', { group });
      return status === 202 ? 'started' : body.title;
    }
    if (way === 'command line') {
      const said = await gantry(['redis', 'switchover', group, '--as', who, '--json'], {
        env: envOf({ taskQueue } as AccessRig),
      });
      return (said.json as { error?: { code: string } }).error?.code ?? 'started';
    }
    if (way === 'bare client') {
      const args = [{ group, requestedBy: who }];
      await client.workflow.start('redisSwitchover', { workflowId: `my-own/${group}`, taskQueue, args });
      return 'started';
    }
    const [change] = await syncSchedules(client, { name: `rules-${group}`, taskQueue }, [
      { name: group, kind: 'redis.switchover', cron: '0 0 1 1 *', timezone: 'UTC', input: { group }, paused: false },
    ]);
    await client.schedule.getHandle(change?.id ?? '').trigger();
    return 'started';
  }

  /** Approves as this person on this way. Answers `taken`, or the code of the refusal. */
  async function approve(way: Way, who: Name, workflowId: string): Promise<string> {
    if (way === 'API') {
      const path = `/v1/runs/${encodeURIComponent(workflowId)}/approve`;
      const { status, body } = await rig.send<{ title: string }>(who, 'POST', path, { planHash });
      return status === 200 ? 'taken' : body.title;
    }
    if (way === 'command line') {
      const argv = ['approve', workflowId, '--plan-hash', planHash, '--as', who, '--json'];
      const said = await gantry(argv, { env: envOf(rig) });
      return (said.json as { error?: { code: string } }).error?.code ?? 'taken';
    }
    const handle = rig.client.workflow.getHandle(workflowId);
    return handle.executeUpdate('approve', { args: [{ planHash, by: who }] }).then(
      () => 'taken',
      (error: { cause?: { type?: string } }) => error.cause?.type ?? 'failed',
    );
  }

  const lockOf = (group: string): string => `redis/${group}`;
  const endOf = async (one: AccessRig, group: string): Promise<string> => {
    const { state, problem }: RunStatus = await one.reaches(lockOf(group), 'refused');
    return `${state} ${problem?.code}`;
  };
  /** A run that ann has started on this way, and that waits. */
  const waiting = async (way: Way): Promise<string> => {
    const group = `rule-${(groups += 1)}`;
    expect(await start(way, rig, 'ann', group)).toBe('started');
    expect((await rig.reaches(lockOf(group), 'awaiting-approval')).approval).toMatchObject({ needed: 2, signed: true });
    return lockOf(group);
  };

  describe.each(ways)('%s', (way) => {
    test('two others approve, whoever else tries', async () => {
      const run = await waiting(way);
      const said = async (rule: keyof typeof rules, who: Name): Promise<void> => {
        const wanted = rules[rule][way];
        if (wanted !== undefined) expect([rule, await approve(way, who, run)]).toEqual([rule, wanted]);
      };
      await said('a viewer approves', 'dan');
      if (rules['the requester approves'][way]) await said('the requester approves', 'ann');
      await said('an approver approves', 'bob');
      // Whatever came of that, bob approves over the API: one person counts once.
      expect(await approve('API', 'bob', run)).toBe('taken');
      const { state, approval } = await rig.reaches(run, 'awaiting-approval');
      expect(state).toBe(rules['one of two people approves over the API'][way]);
      expect(approval?.given).toEqual(['bob']);
      expect(await approve('API', 'cid', run)).toBe('taken');
      expect((await rig.reaches(run, 'done')).state).toBe(rules['the second one approves, too'][way]);
    });

    test('a viewer starts a run', async () => {
      const wanted = rules['a viewer starts a run'][way];
      if (wanted === undefined) return;
      const group = `rule-${(groups += 1)}`;
      expect(await start(way, rig, 'dan', group)).toBe(wanted);
      if (wanted !== 'started') return;
      // It is not known who that was: two others must approve it.
      expect((await rig.reaches(lockOf(group), 'awaiting-approval')).approval?.needed).toBe(2);
    });

    test('the target is frozen', async () => {
      expect(await start(way, rig, 'ann', 'frozen')).toBe('started');
      expect(await endOf(rig, 'frozen')).toBe(rules['the target is frozen'][way]);
    });

    test('the approval expires', async () => {
      const group = `hasty-${(groups += 1)}`;
      expect(await start(way, hasty, 'ann', group)).toBe('started');
      expect(await endOf(hasty, group)).toBe(rules['the approval expires'][way]);
    });
  });
});
