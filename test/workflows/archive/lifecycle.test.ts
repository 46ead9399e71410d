import { until } from '../../../lab/clock.ts';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { reconcileLifecycle } from '../../../activities/archive/lifecycle/reconcile-lifecycle.ts';
import type { ArchiveDeps } from '../../../activities/archive/access/access.ts';
import type { ObjectStore } from '../../../src/drivers/s3/index.ts';
import { planLifecycle, ruleId } from '../../../src/planning/archive/index.ts';
import type { RunReport, RunStatus } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ArchiveRig } from '../../support/archive-rig.ts';
import { startArchiveRig } from '../../support/archive-rig.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';

const ageRules = [
  { after: '30d', to: 'STANDARD_IA' },
  { after: '90d', to: 'GLACIER' },
];
/** Of others: with a tag, a day, and an action that Gantry knows nothing of. */
const theirs = `<Rule><ID>logs</ID><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>
  <Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>
  <Rule><ID>once</ID><Filter><Prefix>old/</Prefix></Filter><Status>Enabled</Status>
  <Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration></Rule>`;
const another =
  '<Rule><ID>another</ID><Filter><Prefix>x/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>9</Days></Expiration></Rule>';

// moto keeps the lifecycle of a bucket as a document, as AWS does; what it does to objects is not asked here.
await describeWith(['temporal', 'clickhouse', 'redis', 's3'], 'the age rules of a bucket', () => {
  const server = useTemporal();
  let rig: ArchiveRig;
  let writes = 0;
  /** Called right after the document is written. */
  let after: (() => Promise<unknown>) | undefined;
  beforeAll(async () => {
    rig = await startArchiveRig(server(), {
      rest: { storage: { buckets: { backups: { region: 'us-east-1', purpose: 'backups', ageRules } } } },
      wrapDriver: (name, driver) => (name === 's3' ? wrapped(driver) : driver),
    });
  });
  afterAll(() => rig?.stop());
  beforeEach(async () => {
    await put(theirs);
    writes = 0;
  });
  afterEach(() => void (after = undefined));

  const wrapped = <T extends object>(driver: T): T =>
    new Proxy(driver, {
      get: (target, key) => {
        const held: unknown = Reflect.get(target, key);
        if (key !== 'putLifecycle') return held;
        return async (...given: unknown[]) => {
          writes += 1;
          await (held as (...all: unknown[]) => Promise<void>).apply(target, given);
          await after?.();
        };
      },
    });
  const put = (rules: string) =>
    rig.s3.other('PUT', 'backups?lifecycle', { body: `<LifecycleConfiguration>${rules}</LifecycleConfiguration>` });
  const ids = async (): Promise<string[]> => (await rig.store.lifecycle()).map(({ id }) => id).sort();
  const run = async (input: object = {}): Promise<RunReport> =>
    (await (await rig.start('archiveLifecycle', input)).result()) as RunReport;
  const lock = () => server().client.workflow.getHandle('archive/main');

  test('are shown as a difference, written beside the rules of others as those were, and then left alone', async () => {
    const others = await rig.store.lifecycle();
    const plan = (await run({ dryRun: true })).plan;
    expect(plan?.facts.map(({ label }) => label)).toEqual(['- gantry-main', '+ gantry-main', '= logs', '= once']);
    expect([writes, await ids()]).toEqual([0, ['logs', 'once']]);

    const report = await run();
    expect(report).toMatchObject({ outcome: 'done', steps: [{ changed: true }] });
    const rules = await rig.store.lifecycle();
    expect(rules.filter(({ id }) => id !== ruleId('main'))).toEqual(others);
    expect(rules.find(({ id }) => id === ruleId('main'))).toMatchObject({
      ...{ prefix: 'gantry/data/', enabled: true },
      transitions: [
        { days: 30, storageClass: 'STANDARD_IA' },
        { days: 90, storageClass: 'GLACIER' },
      ],
    });
    expect(writes).toBe(1);

    const again = await run();
    expect(again).toMatchObject({ outcome: 'done', steps: [{ changed: false }] });
    expect(again.plan?.title).toContain('are as declared');
    expect(writes).toBe(1);
  });

  /** The step over the same bucket, without a run. */
  const step = async () => {
    const store: ObjectStore = { ...wrapped(rig.store), close: () => undefined };
    // Only its store is asked for.
    const deps = { archives: () => ({ store: () => store }) } as unknown as ArchiveDeps;
    const context = { signal: new AbortController().signal, mustBeOurs: () => undefined } as StepContext;
    const of = { archive: 'main', bucket: 'backups', dataPrefix: 'gantry/data/', metadataPrefix: 'gantry/meta/' };
    const rules = [{ afterMs: 30 * 86_400_000, to: 'GLACIER', versions: 'all' as const }];
    const { data } = planLifecycle({ ...of, ageRules: rules }, await rig.store.lifecycle()).draft;
    const { observed } = await reconcileLifecycle.probe(data, deps, context);
    return {
      apply: async () => reconcileLifecycle.apply?.(data, observed, deps, context),
      undo: async () => reconcileLifecycle.undo?.(data, observed, deps, context),
    };
  };

  test('are not written over a document that someone changed after the plan', async () => {
    const { apply } = await step();
    await put(theirs + another);
    await expect(apply()).rejects.toMatchObject({
      code: 'ARCHIVE_LIFECYCLE_CHANGED',
      message: expect.stringContaining('another') as string,
    });
    expect([writes, await ids()]).toEqual([0, ['another', 'logs', 'once']]);
  });

  test('are taken back beside what others have written since, and a second undo writes nothing', async () => {
    const own = `<Rule><ID>gantry-main</ID><Filter><Prefix>gantry/data/</Prefix></Filter><Status>Disabled</Status><Expiration><Days>999</Days></Expiration></Rule>`;
    await put(theirs + own);
    const old = (await rig.store.lifecycle()).find(({ id }) => id === ruleId('main'));
    const { apply, undo } = await step();
    await apply();
    const ours = (await rig.store.lifecycle()).find(({ id }) => id === ruleId('main'));
    expect(ours).toMatchObject({ enabled: true, transitions: [{ days: 30, storageClass: 'GLACIER' }] });
    // Someone adds a rule beside Gantry's.
    const now = await rig.store.lifecycle();
    await put(another);
    await rig.store.putLifecycle([...now, ...(await rig.store.lifecycle())]);
    await undo();
    const back = await rig.store.lifecycle();
    expect(back.map(({ id }) => id).sort()).toEqual(['another', 'gantry-main', 'logs', 'once']);
    expect(back.find(({ id }) => id === ruleId('main'))).toEqual(old);
    expect(writes).toBe(2);
    await undo();
    expect(writes).toBe(2);
  });

  test('are found to be gone again where someone wrote right after Gantry, who is not overwritten', async () => {
    after = async () => {
      after = undefined;
      await put(theirs + another);
    };
    await rig.start('archiveLifecycle');
    const parked = await until(async () => (await lock().query<RunStatus>('status')).parked?.trouble, 60_000);
    expect(parked).toMatchObject({ code: 'ARCHIVE_LIFECYCLE_CHANGED' });
    expect(parked?.message).toMatch(/not what the plan saw: it now has .*another/);
    expect([writes, await ids()]).toEqual([1, ['another', 'logs', 'once']]);
    await lock().executeUpdate('abort', { args: [{ by: 'ada' }] });
    expect((await lock().result()) as RunReport).toMatchObject({ outcome: 'aborted' });
    expect(await ids()).toEqual(['another', 'logs', 'once']);
  });
});
