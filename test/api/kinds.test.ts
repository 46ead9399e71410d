import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../lab/clock.ts';
import { runReport, runStatus, syncSchedules } from '../../src/client/index.ts';
import { entries } from '../../src/registry/index.ts';
import type { Kind, RunInput } from '../../src/runs/index.ts';
import { domainOf, kinds, runId, startedBy, verbOf, workflowTypeOf } from '../../src/runs/index.ts';
import { gantry } from '../cli/terminal.ts';
import type { AccessRig } from '../support/access-rig.ts';
import { startAccessRig } from '../support/access-rig.ts';
import { anyParts } from '../support/any-activities.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

const ways = ['API', 'command line', 'bare client', 'schedule'] as const;
type Way = (typeof ways)[number];
const all = Object.keys(entries) as Kind[];

/** Kinds whose runs only look: nobody is asked, and they end by themselves. */
const looking: readonly Kind[] = ['archive.audit', 'host.conformance', 'region.drift'];
/** Kinds that know one target alone: what holds it is done in turn. */
const oneTarget: readonly Kind[] = ['region.rollout-all'];
const parts = all.filter((kind) => startedBy(kind) !== undefined);
const whole = all.filter((kind) => !parts.includes(kind) && !looking.includes(kind));

await describeWith(['temporal'], 'every kind of the registry, through every way in', () => {
  const server = useTemporal();
  let rig: AccessRig;
  beforeAll(async () => {
    rig = await startAccessRig(server(), { policies: { default: { approval: { people: 1 } } } }, await anyParts());
  });
  afterAll(() => rig?.stop());

  const ask = (argv: readonly string[], input = '') =>
    gantry([...argv, '--json'], {
      env: { TEMPORAL_ADDRESS: server().address, GANTRY_TASK_QUEUE: rig.taskQueue },
      input,
    });

  /** The example of the registry, about a target of its own. */
  function inputOf(
    kind: Kind,
    way: Way,
    change: RunInput = {},
  ): { input: Record<string, unknown>; lock: string; target: string } {
    const [field] = kinds[kind].targetFields;
    const example: Record<string, unknown> = { ...entries[kind].example };
    delete example['requestedBy'];
    delete example['dryRun'];
    const own = oneTarget.includes(kind)
      ? example[field]
      : `${String(example[field])}-${all.indexOf(kind)}-${ways.indexOf(way)}`;
    const input = { ...example, [field]: own, ...change };
    const identity = runId(kind, input);
    if (!identity.ok) throw new Error(`${kind}: ${identity.problem}`);
    return { input, lock: identity.id, target: identity.target };
  }

  /** Starts it there. Answers the id under which that way knows the run, or how it was refused. */
  async function start(kind: Kind, way: Way, change?: RunInput): Promise<string> {
    const { input } = inputOf(kind, way, change);
    const path = `${domainOf(kind)}/${verbOf(kind)}`;
    if (way === 'API') {
      const { body } = await rig.send<{ workflowId?: string; title?: string }>('ann', 'POST', `/v1/${path}`, input);
      return body.workflowId ?? body.title ?? '';
    }
    if (way === 'command line') {
      const said = await ask([...path.split('/'), '--input', '-', '--as', 'ann'], JSON.stringify(input));
      const { run, error } = said.json as { run?: { workflowId: string }; error?: { code: string } };
      return run?.workflowId ?? error?.code ?? '';
    }
    if (way === 'bare client') {
      const { taskQueue, client } = rig;
      const workflowId = randomUUID();
      await client.workflow.start(workflowTypeOf(kind), { workflowId, taskQueue, args: [input] });
      return workflowId;
    }
    const name = `${kind.replace('.', '-')}-${String(change?.dryRun ?? false)}`;
    const declared = { name, kind, cron: '0 0 1 1 *', timezone: 'UTC', input, paused: false };
    const [made] = await syncSchedules(rig.client, { name, taskQueue: rig.taskQueue }, [declared]);
    const handle = rig.client.schedule.getHandle(made?.id ?? '');
    await handle.trigger();
    const fired = await until(async () => (await handle.describe()).info.recentActions.at(-1)?.action, 30_000);
    return fired?.workflow.workflowId ?? '';
  }

  /** Sends a decision there; answers what came of it. */
  async function decide(way: Way, id: string, verb: 'approve' | 'abort', body: Record<string, string>) {
    if (way === 'API') {
      const path = `/v1/runs/${encodeURIComponent(id)}/${verb}`;
      return (await rig.send<{ title?: string }>('ann', 'POST', path, body)).body.title ?? 'taken';
    }
    if (way === 'command line') {
      const flags = Object.entries(body).flatMap(([name, value]) => [
        name === 'reason' ? '--reason' : '--plan-hash',
        value,
      ]);
      const said = await ask([verb, id, ...flags, '--as', 'ann']);
      return (said.json as { error?: { code: string } }).error?.code ?? 'taken';
    }
    return rig.client.workflow
      .getHandle(id)
      .executeUpdate(verb, { args: [{ ...body, by: 'ann' }] })
      .then(
        () => 'taken',
        (error: { cause?: { type?: string } }) => error.cause?.type ?? 'failed',
      );
  }

  /** How the workflow under this id ended: its outcome, or the code that it failed with. */
  const endOf = (workflowId: string): Promise<string> =>
    rig.client.workflow
      .getHandle<() => Promise<{ outcome: string }>>(workflowId)
      .result()
      .then(
        ({ outcome }) => outcome,
        ({ cause }: { cause?: { type?: string } }) => cause?.type ?? 'failed',
      );
  const askedBy: Record<Way, string | undefined> = {
    ...{ API: 'ann', 'command line': 'ann', 'bare client': undefined },
    schedule: expect.stringMatching(/^schedule:/) as string,
  };

  let turn: Promise<void> = Promise.resolve();
  const inTurn = (kind: Kind, act: () => Promise<void>): Promise<void> =>
    oneTarget.includes(kind) ? (turn = turn.then(act, act)) : act();

  const each = <W extends Way>(these: readonly Kind[], through: readonly W[]): [Kind, W][] =>
    these.flatMap((kind) => through.map((way): [Kind, W] => [kind, way]));

  test.concurrent.each(each(whole, ways))(
    '%s, by %s: its plan waits, another plan is not approved, and it is turned down there',
    (kind, way) =>
      inTurn(kind, async () => {
        const { lock } = inputOf(kind, way);
        const id = await start(kind, way);
        const waiting = await rig.reaches(lock, 'awaiting-approval');
        expect(waiting.plan?.title).toBe(`${kind} of ${waiting.target}`);
        expect([waiting.kind, waiting.requestedBy]).toEqual([kind, askedBy[way]]);
        expect(await decide(way, id, 'approve', { planHash: 'of-another-plan' })).toMatch(/^APPROVAL_/);
        expect(await decide(way, id, 'abort', { reason: `no, says the ${way}` })).toBe('taken');
        expect([await endOf(id), await endOf(lock)]).toEqual(['aborted', 'aborted']);
        const report = await runReport(rig.client, lock);
        expect(report).toMatchObject({ kind, actions: [{ action: 'abort', reason: `no, says the ${way}` }] });
      }),
  );

  test.concurrent.each(each(looking, ways))('%s, by %s: it looks and ends, and nobody is asked', async (kind, way) => {
    expect(await endOf(await start(kind, way))).toBe('done');
    expect(await runReport(rig.client, inputOf(kind, way).lock)).toMatchObject({ kind, outcome: 'done', actions: [] });
  });

  test.concurrent.each(each([...whole, ...looking], ways))('%s, by %s: a dry run is its plan', async (kind, way) => {
    const id = await start(kind, way, { dryRun: true });
    expect(await endOf(id)).toBe('planned');
    const { plan: shown, dryRun } = (await runStatus(rig.client, id)).status;
    expect([shown?.title, dryRun]).toEqual([`${kind} of ${inputOf(kind, way).target}`, true]);
  });

  test.concurrent.each(each(parts, ['bare client', 'schedule']))(
    '%s, a part of another run, by %s: only a dry run of it is made',
    async (kind, way) => {
      expect(await endOf(await start(kind, way))).toBe('NEEDS_PARENT_RUN');
      expect(await endOf(await start(kind, way, { dryRun: true }))).toBe('planned');
    },
  );

  const noWay = { API: 'API_NO_ROUTE', 'command line': 'USAGE' };
  test.concurrent.each(each(parts, ['API', 'command line']))(
    '%s, a part of another run, by %s: there is no way',
    async (kind, way) => {
      expect(await start(kind, way)).toBe(noWay[way]);
    },
  );
});
