import { describe, expect, it } from 'vitest';
import { versionCheck } from '../../src/cli/worker-versions.ts';

describe('the versions of the workers', () => {
  it('are well when all run the same one, on however many queues', () => {
    const same = ['1@a gantry/0.1.0', '1@a gantry/0.1.0', '2@b gantry/0.1.0'];
    expect(versionCheck(same)).toMatchObject({ state: 'ok', fact: 'all run 0.1.0' });
  });

  it('are a warning with who runs which, and what to do, when there are two', () => {
    expect(versionCheck(['2@b gantry/0.2.0', '1@a gantry/0.1.0', '3@c gantry/0.1.0'])).toEqual({
      name: 'worker versions',
      state: 'unknown',
      fact: '0.1.0: 1@a, 3@c; 0.2.0: 2@b',
      next: expect.stringMatching(/one version/) as string,
    });
  });

  it('are never well when one does not say', () => {
    expect(versionCheck(['1@a gantry/0.1.0', '9@old'])).toMatchObject({
      state: 'unknown',
      fact: '0.1.0: 1@a; unknown: 9@old',
    });
    expect(versionCheck(['9@old'])).toMatchObject({ state: 'unknown' });
    expect(versionCheck([])).toMatchObject({ state: 'unknown', fact: 'no worker answers' });
  });
});
