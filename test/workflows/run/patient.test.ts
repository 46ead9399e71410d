import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { useHarness } from './harness.ts';
import { testPolicy } from './world.ts';

const impatient = testPolicy().profiles.quick;

await describeWith(['temporal'], 'a patient step', () => {
  const server = useTemporal();
  const stage = useHarness(server, 'patient');
  const { world, fresh, group } = stage;
  const list = [{ name: 'a', profile: 'patient' as const }];
  const start = () => stage.harness.start({ group: group(), list } as never, { type: 'listed' });
  /** A host that boots: whoever asks is not answered yet. */
  const boots = (looks: number) => {
    let seen = 0;
    return async (event: string): Promise<void> => {
      if (event === 'probe a' && (seen += 1) <= looks) throw new GantryError('UNEXPECTED', `not yet (${seen})`);
    };
  };

  test('is tried again as long as its time lasts, however many attempts that takes', async () => {
    const patient = { ...impatient, attempts: 2, withinMs: 120_000 };
    fresh({ policy: testPolicy({ profiles: { ...testPolicy().profiles, patient } }) });
    world.hook = boots(8);
    const report = (await (await start()).result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(world.journal).toEqual(['on a']);
  });

  test('parks when its time is spent', async () => {
    const patient = { ...impatient, attempts: 1_000_000, withinMs: 1_000, startMs: 1_000 };
    fresh({ policy: testPolicy({ profiles: { ...testPolicy().profiles, patient } }) });
    world.hook = boots(Infinity);
    const handle = await start();
    const { parked } = await stage.harness.until(handle, 'parked');
    // The server says why the last attempt failed only where its time did not end in the middle of one.
    expect(parked?.trouble.message).toMatch(/not yet \(\d+\)|timed out \(SCHEDULE_TO_CLOSE\)/);
    world.hook = async () => undefined;
    await stage.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });
});
