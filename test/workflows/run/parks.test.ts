import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { codeOf, useHarness } from './harness.ts';

// A text in the UI is pasted twice, two people decide at once: a decision is about the park that it names.
await describeWith(['temporal'], 'a park', () => {
  const server = useTemporal();
  const use = useHarness(server, 'k');
  const { world, fresh, group } = use;

  const broken = new Set<string>();
  const breakdowns = (...events: string[]): void => {
    broken.clear();
    for (const event of events) broken.add(event);
    world.hook = async (event) => {
      if (broken.has(event)) throw new Error(`${event} is broken`);
    };
  };
  const refusal = (sent: Promise<unknown>): Promise<string | undefined> =>
    sent.then(
      () => 'accepted',
      (error: unknown) => codeOf(error),
    );

  test('has an id; a decision about it is refused at the next park, and so is one that names none', async () => {
    fresh();
    breakdowns('apply a', 'apply b');
    const handle = await use.harness.start({ group: group(), steps: ['a', 'b'] });
    const first = await use.harness.until(handle, 'parked');
    const text = { action: 'retry', park: first.parked?.id, by: 'ada' } as const;
    broken.delete('apply a');
    await handle.executeUpdate('resolve', { args: [text] });
    await expect
      .poll(async () => (await use.harness.status(handle)).parked?.title, { timeout: 30_000 })
      .toBe('turn on b');
    const second = await use.harness.status(handle);
    expect(second.parked?.id).not.toBe(first.parked?.id);
    expect(await refusal(handle.executeUpdate('resolve', { args: [text] }))).toBe('WRONG_STATE');
    const nameless = { action: 'skip', acceptedRisk: 'none', by: 'ada' };
    expect(await refusal(handle.executeUpdate('resolve', { args: [nameless] }))).toBe('WRONG_STATE');
    expect(await refusal(handle.executeUpdate('resolve', { args: [{ ...text, park: 7 }] }))).toBe('INVALID_INPUT');
    expect(await use.harness.status(handle)).toMatchObject({ state: 'parked', parked: { id: second.parked?.id } });
    broken.clear();
    await handle.executeUpdate('resolve', { args: [{ ...text, park: second.parked?.id }] });
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('done');
    expect(report.actions).toMatchObject([
      { action: 'retry', park: first.parked?.id },
      { action: 'retry', park: second.parked?.id },
    ]);
  });

  test('of one run is not that of the next run over the same target', async () => {
    fresh();
    breakdowns('apply a');
    const input = { group: group(), steps: ['a'] };
    const one = await use.harness.start(input);
    const { parked } = await use.harness.until(one, 'parked');
    await use.harness.update(one, 'abort', {});
    await one.result();
    const two = await use.harness.start(input);
    await use.harness.until(two, 'parked');
    const text = { action: 'retry', park: parked?.id, by: 'ada' };
    expect(await refusal(two.executeUpdate('resolve', { args: [text] }))).toBe('WRONG_STATE');
    await use.harness.update(two, 'abort', {});
    expect(((await two.result()) as RunReport).outcome).toBe('aborted');
  });
});
