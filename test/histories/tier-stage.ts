import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import type { TierRig } from '../support/tier-rig.ts';
import { startTierRig } from '../support/tier-rig.ts';
import type { RecordedStage } from './stage.ts';
import { calling } from './stage.ts';

/** The modern engine with the shipped roll-ups, a real server and workers in this process. */
export type TierStage = RecordedStage & { rig: TierRig };

/** Starts everything in a folder of its own. */
export async function openTierStage(): Promise<TierStage> {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-histories-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(stateDir, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (let next = stops.pop(); next; next = stops.pop()) await next();
  };
  try {
    const temporal = await startTemporal({ stateDir });
    stops.push(() => temporal.stop());
    const connection = await Connection.connect({ address: temporal.address });
    stops.push(() => connection.close());
    let hook: (call: string) => Promise<void> = async () => undefined;
    const rig = await startTierRig(temporal.address, {
      ...{ taskQueue: 'gantry', approvals: 1, stateDir },
      wrapDriver: (name, driver) => calling(name, driver, (call) => hook(call)),
    });
    stops.push(() => rig.stop());
    const before: TierStage['before'] = (next) => void (hook = next);
    return { client: new Client({ connection }), taskQueue: 'gantry', stateDir, rig, before, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
