import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { describeWith } from '../support/lab.ts';
import type { SweptKind } from './kinds.ts';
import { sweptKinds } from './kinds.ts';
import { sampleOf } from './points.ts';
import { sweep } from './sweep.ts';

/** So many of the points of `make sweep` unless the kind says so, other ones with each commit; two are always among them. */
const usualSample = 8;

/** The commit, so that a failure comes back when the same tree is tested again; without git the package's version. */
function seed(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return process.env['npm_package_version'] ?? 'no commit';
  }
}

for (const [name, kind] of Object.entries<SweptKind>(sweptKinds)) {
  const sampleSize = kind.sample ?? usualSample;
  await describeWith([...kind.needs, 'temporal'], 'a worker that dies or freezes in the middle of a run', () => {
    test(`leaves ${name} as an undisturbed run does`, async () => {
      // Not a folder that goes away: a failed point leaves its history and logs there.
      const folder = resolve('.gantry', 'sweep', 'sample', name);
      rmSync(folder, { recursive: true, force: true });
      const { points } = await sweep({
        kind,
        folder,
        // A point waits more than it computes.
        lanes: 2,
        rehearsals: 2,
        choose: (all) => sampleOf(all, sampleSize, seed(), kind.always),
      });
      expect(points.map(({ name }) => name)).toEqual(expect.arrayContaining([...kind.always]));
      expect(points).toHaveLength(sampleSize);
      expect(points.filter(({ faults }) => faults.length > 0)).toEqual([]);
    });
  });
}
