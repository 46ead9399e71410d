import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWith } from '../support/lab.ts';
import { takeOnboard } from '../sweep/host/onboard.ts';

await describeWith(
  ['host', 'kubernetes', 'temporal'],
  'host.onboard whose worker is killed in the middle of steps',
  () => {
    test('takes the host in, once, and touches no disk of another one', { timeout: 3_600_000 }, async () => {
      const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
      try {
        // A sample of `make sweep ONLY=host.onboard`: what makes the array, and the network's window.
        const steps = (step: string): boolean => ['host.assemble-array', 'host.change-network'].includes(step);
        const take = await takeOnboard(stateDir, 'worker', { steps, say: () => undefined });
        expect(take.faults).toEqual([]);
        expect(take.guardKept).toBe(true);
        expect(take.struck.length).toBeGreaterThan(0);
      } finally {
        rmSync(stateDir, { recursive: true, force: true });
      }
    });
  },
);
