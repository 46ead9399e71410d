import { setTimeout as pause } from 'node:timers/promises';
import type { RedisRig } from '../../lab/redis/rig.ts';
import type { WriterProcess } from '../../lab/load/redis-writer-process.ts';
import { startRigWriters } from '../../lab/load/rig-writers.ts';
import { withClient } from '../../src/client/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { carryOut } from '../carry-out.ts';
import type { Roles } from './group.ts';
import { demoGroup, roles } from './group.ts';
import { say, table, title } from '../say.ts';
import type { Stage } from '../stage.ts';

const writers = 4;
/** Load before the handover and after it, so that the gap is seen against ordinary writing. */
const aroundMs = 2_000;

/** What the demo proves, in figures. */
export type SwitchoverFigures = {
  gapMs: number;
  idleGapMs: number;
  acked: number;
  lost: number;
  twoPrimaries: boolean;
  outcome: string;
};

/** A real primary under write load changes hands; answers what the writers saw. */
export async function demoRedisSwitchover(stage: Stage): Promise<SwitchoverFigures> {
  title('Redis switchover: a primary under write load changes hands');
  const rig = await demoGroup(stage);
  const load = await startRigWriters(rig, { writers, maxWrites: 3_000_000 });
  stage.onClose(() => load.close());
  const before = await roles(rig);
  await load.mark('quiet');
  await pause(aroundMs);
  await load.mark('start');
  say(`${writers} writers: ${(await load.snapshot()).acked.toLocaleString('en')} writes acknowledged so far`);

  const report = await withClient(stage.connection, (client) =>
    carryOut(stage, client, 'redis.switchover', { group: rig.groupName, reason: 'to show how it goes' }),
  );
  await pause(aroundMs);
  return conclude(rig, load, before, report);
}

async function conclude(
  rig: RedisRig,
  load: WriterProcess,
  before: Roles,
  report: RunReport,
): Promise<SwitchoverFigures> {
  const quiet = await load.gap('quiet', 'start');
  const gap = await load.gap('start');
  const primaries = await load.twoPrimaries();
  const { acked } = await load.stop();
  const after = await roles(rig);
  const primary = rig.group.nodes.find((node) => after.get(node.name) === 'primary');
  if (!primary)
    throw new GantryError('UNEXPECTED', 'no node is primary after the switchover', { evidence: { after: [...after] } });
  const { lost } = await load.verify({ host: primary.host, port: primary.port });
  title('Result');
  table([
    ['outcome', report.outcome],
    ['write gap, longest of any writer, redirect included', `${gap.maxMs.toFixed(1)} ms`],
    ['the same before the handover, for comparison', `${quiet.maxMs.toFixed(1)} ms`],
    ['acknowledged writes', acked.toLocaleString('en')],
    ['lost of those, read back one by one', String(lost)],
    ['two primaries at any moment', primaries.twoPrimaries ? 'YES' : 'no'],
    ['writes paused', `${report.measurements['redis.handover.pausedMs'] ?? '?'} ms`],
    ...rig.group.nodes.map(
      (node) => [`${node.name}, before → after`, `${before.get(node.name)} → ${after.get(node.name)}`] as const,
    ),
    ['report', report.published ?? 'not published'],
  ]);
  return {
    gapMs: gap.maxMs,
    idleGapMs: quiet.maxMs,
    acked,
    lost,
    twoPrimaries: primaries.twoPrimaries,
    outcome: report.outcome,
  };
}
