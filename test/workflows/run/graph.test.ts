import { expect, test } from 'vitest';
import type { RunReport } from '../../../src/runs/index.ts';
import { describeWith } from '../../support/lab.ts';
import { useTemporal } from '../../support/temporal.ts';
import { useHarness } from './harness.ts';
import type { GraphInput } from './world.ts';

type Lanes = GraphInput['lanes'];

await describeWith(['temporal'], 'lanes of a graph', () => {
  const server = useTemporal();
  const use = useHarness(server, 'g');
  const { world, fresh, group } = use;
  const start = (lanes: Lanes, more: Partial<GraphInput> = {}) =>
    use.harness.start({ group: group(), lanes, ...more }, { type: 'graphed' });
  /** a, then b and c beside each other, then d. */
  const diamond: Lanes = [
    { name: 'd', after: ['b', 'c'] },
    { name: 'b', after: ['a'] },
    { name: 'c', after: ['a'] },
    { name: 'a' },
  ];

  /** Holds events until they are let go; says which of them came. */
  const holdBack = (...events: string[]) => {
    const came: string[] = [];
    const waiting = new Map<string, () => void>();
    const held = new Set(events);
    world.hook = async (event) => {
      came.push(event);
      if (held.has(event)) await new Promise<void>((resolve) => waiting.set(event, resolve));
    };
    const letGo = (event: string): void => {
      held.delete(event);
      waiting.get(event)?.();
    };
    return { came, letGo, poll: (event: string) => expect.poll(() => came).toContain(event) };
  };

  test('begin when what they come after has ended, side by side where the graph allows it', async () => {
    fresh();
    const held = holdBack('apply b', 'apply c');
    const handle = await start(diamond);
    await held.poll('apply b');
    // Both are under way at once: one after the other, the second would never come.
    await held.poll('apply c');
    expect(held.came).not.toContain('probe d');
    held.letGo('apply b');
    held.letGo('apply c');
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal.at(0)).toBe('on a');
    expect(world.journal.at(-1)).toBe('on d');
  });

  test('at most so many at once', async () => {
    fresh();
    const held = holdBack('apply a', 'apply b', 'apply c');
    const handle = await start([{ name: 'a' }, { name: 'b' }, { name: 'c' }], { window: 2 });
    await held.poll('apply a');
    await held.poll('apply b');
    expect(held.came).not.toContain('probe c');
    held.letGo('apply a');
    await held.poll('apply c');
    for (const event of ['apply b', 'apply c']) held.letGo(event);
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('one in trouble parks the run and keeps what comes after it from beginning; the others go on', async () => {
    fresh();
    let broken = true;
    world.hook = async (event) => {
      if (broken && event === 'apply b') throw new Error('b is broken');
    };
    const handle = await start([...diamond, { name: 'e', after: ['c'] }]);
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.title).toBe('turn on b');
    await expect.poll(() => world.journal).toEqual(['on a', 'on c', 'on e']);
    broken = false;
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a', 'on c', 'on e', 'on b', 'on d']);
  });

  test('several in trouble are decided one after the other, each under an id of its own', async () => {
    fresh();
    const broken = new Set(['apply b', 'apply c']);
    const tried: string[] = [];
    world.hook = async (event) => {
      tried.push(event);
      if (broken.has(event)) throw new Error(`${event} is broken`);
    };
    const handle = await start(diamond);
    const first = await use.harness.until(handle, 'parked');
    // The second and last attempt of each has failed.
    for (const event of broken) await expect.poll(() => tried.filter((one) => one === event)).toHaveLength(2);
    broken.clear();
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    await expect
      .poll(async () => (await use.harness.status(handle)).parked?.id ?? first.parked?.id)
      .not.toBe(first.parked?.id);
    const second = await use.harness.status(handle);
    expect([first.parked?.title, second.parked?.title].sort()).toEqual(['turn on b', 'turn on c']);
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
  });

  test('an abort lets what is under way end, and undoes in the reverse order of the graph', async () => {
    fresh();
    world.hook = async (event) => {
      if (event === 'apply d') throw new Error('d is broken');
    };
    const handle = await start(diamond);
    await use.harness.until(handle, 'parked');
    await use.harness.update(handle, 'abort', {});
    const report = (await handle.result()) as RunReport;
    expect(report.outcome).toBe('aborted');
    const undone = world.journal.filter((line) => line.startsWith('off'));
    expect(undone).toHaveLength(4);
    expect(undone.at(0)).toBe('off d');
    expect(undone.at(-1)).toBe('off a');
    expect([...world.switches.values()].some(Boolean)).toBe(false);
  });

  test('a pause takes effect when every lane stands, and begins no other one', async () => {
    fresh();
    const held = holdBack('apply b', 'apply c');
    const handle = await start(diamond);
    await held.poll('apply b');
    await held.poll('apply c');
    await use.harness.update(handle, 'pause', {});
    held.letGo('apply b');
    await expect.poll(() => world.journal).toContain('on b');
    expect((await use.harness.status(handle)).state).toBe('running');
    held.letGo('apply c');
    await use.harness.until(handle, 'paused');
    expect(world.journal).not.toContain('on d');
    await use.harness.update(handle, 'resume', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal.at(-1)).toBe('on d');
  });

  test('a cancelled run cancels what is under way in every lane, and goes back', async () => {
    fresh();
    let cut = 0;
    let under = 0;
    world.hook = (event, signal) => {
      if (event !== 'apply b' && event !== 'apply c') return Promise.resolve();
      under += 1;
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          cut += 1;
          reject(signal.reason as Error);
        }),
      );
    };
    const handle = await start(diamond);
    await expect.poll(() => under).toBe(2);
    await handle.cancel();
    await handle.result().catch(() => undefined);
    expect(cut).toBe(2);
    expect([...world.switches.values()].some(Boolean)).toBe(false);
  });

  test('a second run finds everything done and changes nothing', async () => {
    fresh();
    const name = group();
    const run = async (): Promise<RunReport> =>
      (await (
        await use.harness.start({ group: name, lanes: diamond } as GraphInput, { type: 'graphed' })
      ).result()) as RunReport;
    await run();
    const before = [...world.journal];
    expect((await run()).steps.every(({ changed }) => !changed)).toBe(true);
    expect(world.journal).toEqual(before);
  });
});

await describeWith(['temporal'], 'a gate with three values', () => {
  const server = useTemporal();
  const use = useHarness(server, 'v');
  const { world, fresh, group } = use;
  const start = (gateMs = 150) =>
    use.harness.start({ group: group(), lanes: [{ name: 'a', gate: true }], gateMs } as GraphInput, {
      type: 'graphed',
    });

  test('passes when it reads pass, however late within its time', async () => {
    fresh();
    world.readings.set('a', 'not yet');
    const handle = await start(600_000);
    await use.harness.untilStep(handle, 'gate of a');
    await expect.poll(async () => (await use.harness.status(handle)).steps[0]?.attempts ?? 0).toBeGreaterThan(1);
    world.readings.delete('a');
    world.readings.set('a', 'pass');
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a']);
  });

  test.each([
    ['no data at all', undefined, 'GATE_INCONCLUSIVE'],
    ['a reading that does not turn in its time', 'not yet', 'GATE_FAILED'],
    ['a reading that says no', 'no', 'GATE_FAILED'],
  ] as const)('%s parks the run, and nothing behind it begins', async (_what, reading, code) => {
    fresh();
    if (reading) world.readings.set('a', reading);
    // What says no is not waited for.
    const handle = await start(reading === 'no' ? 600_000 : 150);
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble.code).toBe(code);
    expect(world.journal).toEqual([]);
    world.readings.set('a', 'pass');
    await use.harness.update(handle, 'resolve', { action: 'retry' });
    expect(((await handle.result()) as RunReport).outcome).toBe('done');
    expect(world.journal).toEqual(['on a']);
  });

  test('looks that fail are no reading: inconclusive at the deadline', async () => {
    fresh();
    world.hook = async (event) => {
      if (event === 'read a') throw new Error('the reader is away');
    };
    const handle = await start();
    const { parked } = await use.harness.until(handle, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'GATE_INCONCLUSIVE' });
    expect(parked?.trouble.message).toContain('the reader is away');
    await use.harness.update(handle, 'abort', {});
    expect(((await handle.result()) as RunReport).outcome).toBe('aborted');
  });
});
