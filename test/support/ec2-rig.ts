import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest';
import type { LabEc2 } from '../../lab/ec2/ec2.ts';
import { labEc2Login, startEc2 } from '../../lab/ec2/ec2.ts';
import type { Ec2, Ec2Options } from '../../src/drivers/ec2/index.ts';
import { connectEc2 } from '../../src/drivers/ec2/index.ts';
import { removeSoon } from './remove-soon.ts';

export type Ec2Rig = { readonly ec2: LabEc2; open(region?: string, options?: Ec2Options): Ec2 };

/** EC2 that the tests of one file share; faults end with each test. Call it in `describe`. */
export function ec2Rig(): Ec2Rig {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-ec2-'));
  let ec2: LabEc2 | undefined;
  beforeAll(async () => void (ec2 = await startEc2({ stateDir })));
  afterEach(() => ec2?.clear());
  afterAll(async () => {
    await ec2?.stop();
    removeSoon(stateDir);
  });
  const started = (): LabEc2 => {
    if (!ec2) throw new Error('EC2 starts before the tests, not before them');
    return ec2;
  };
  return {
    get ec2() {
      return started();
    },
    open(region = 'us-east-1', options = {}) {
      const client = connectEc2({ region, endpoint: started().endpoint }, labEc2Login, { firstPauseMs: 5, ...options });
      onTestFinished(() => client.close());
      return client;
    },
  };
}
