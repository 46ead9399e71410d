import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { seed, takeTurns, turn } from '../support/commit.ts';
import { describeWith } from '../support/lab.ts';
import { removeSoon } from '../support/remove-soon.ts';
import type { SweptKind } from './kinds.ts';
import { sweptKinds } from './kinds.ts';
import { sampleOf } from './points.ts';
import { sweep } from './sweep.ts';

/**
 * A test of each kind of a domain, or of so many of them as `kinds` says, which take their turns: so many of the points of
 * `make sweep` unless the kind says so, other ones with each commit; two are always among them.
 */
export async function sampleKinds(
  domain: string,
  sample: { points: number; lanes: number; kinds?: number },
): Promise<void> {
  const all = Object.entries<SweptKind>(sweptKinds).filter(([name]) => name.startsWith(`${domain}.`));
  for (const [name, kind] of takeTurns(all, sample.kinds ?? all.length)) {
    const size = kind.sample ?? sample.points;
    await describeWith([...kind.needs, 'temporal'], 'a worker that dies or freezes in the middle of a run', () => {
      test(`leaves ${name} as an undisturbed run does`, { timeout: 1_800_000 }, async () => {
        // Not a folder that goes away: a failed point leaves its history and logs there.
        const folder = resolve('.gantry', 'sweep', 'sample', name);
        removeSoon(folder);
        const { points } = await sweep({
          ...{ folder, lanes: sample.lanes, rehearsals: 2 },
          kind: { ...kind, startScene: kind.startSampleScene ?? kind.startScene },
          choose: (all) => sampleOf(all, size, seed(), kind.always, { phases: kind.phases ?? [], turn: turn() }),
        });
        expect(points.map((point) => point.name)).toEqual(expect.arrayContaining([...kind.always]));
        expect(points).toHaveLength(size);
        // A line for each fault: what a report cuts off after one line still names the point.
        expect(points.flatMap(({ name, faults }) => faults.map((fault) => `${name}: ${fault}`)).join('\n')).toBe('');
      });
    });
  }
}
