import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { RedisRig } from '../../../lab/redis-rig.ts';
import type { WriterProcess } from '../../../lab/load/redis-writer-process.ts';
import { startWriterProcess } from '../../../lab/load/redis-writer-process.ts';
import { approve, runReport, startRun, watchRun, withClient } from '../../client/index.ts';
import { GantryError } from '../../errors/index.ts';
import type { RunReport, RunStatus } from '../../runs/index.ts';
import { validateInput } from '../../registry/index.ts';
import { changeLines } from '../render/changes.ts';
import { planLines } from '../render/plan.ts';
import type { Canvas } from '../render/paint.ts';
import type { Roles } from './redis-group.ts';
import { demoGroup, roles } from './redis-group.ts';
import { say, table, title } from './say.ts';
import type { Stage } from './stage.ts';

const canvas: Canvas = { color: process.stdout.isTTY, width: process.stdout.columns || 100, now: Date.now() };
const writers = 4;
/** Load before the handover and after it, so that the gap is seen against ordinary writing. */
const aroundMs = 2_000;
const me = 'demo';

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
  const load = await startWriterProcess({
    discoveryUrl: rig.discoveryUrl,
    group: rig.groupName,
    writers,
    ...(rig.group.password === undefined ? {} : { password: rig.group.password }),
    nodeNames: Object.fromEntries(rig.group.nodes.map((node) => [`${node.host}:${node.port}`, node.name])),
    maxWrites: 3_000_000,
  });
  stage.onClose(() => load.close());
  const before = await roles(rig);
  await load.mark('quiet');
  await pause(aroundMs);
  await load.mark('start');
  say(`${writers} writers: ${(await load.snapshot()).acked.toLocaleString('en')} writes acknowledged so far`);

  const report = await withClient(stage.connection, (client) => handOver(stage, client, rig.groupName));
  await pause(aroundMs);
  return conclude(rig, load, before, report);
}

async function handOver(stage: Stage, client: Client, group: string): Promise<RunReport> {
  const input = { group, requestedBy: me, reason: 'to show how it goes' };
  const started = await startRun(client, 'redis.switchover', input, {
    taskQueue: stage.taskQueue,
    check: validateInput,
  });
  say(
    `run ${started.workflowId}: ${stage.temporal.uiUrl}/namespaces/default/workflows/${encodeURIComponent(started.workflowId)}`,
  );
  let last: RunStatus | undefined;
  const follow = (status: RunStatus | undefined): void => {
    if (!status) return;
    for (const line of changeLines(last, status)) say(`  ${line}`);
    last = structuredClone(status);
  };
  const waiting = await watchRun(client, started, ({ status }) => follow(status), {
    until: ({ status }) => status?.state === 'awaiting-approval',
  });
  const plan = waiting.status?.plan;
  if (!plan)
    throw new GantryError('UNEXPECTED', 'the run ended before it had a plan', { evidence: { status: waiting.status } });
  say('');
  for (const line of planLines(plan, canvas)) say(`  ${line}`);
  say('');
  say(`The demo approves this plan itself (plan ${plan.hash}); on your platform a person would.`);
  await approve(client, started, { planHash: plan.hash, by: me });
  await watchRun(client, started, ({ status }) => follow(status));
  const report = await runReport(client, started);
  if (!report) throw new GantryError('UNEXPECTED', 'the run ended without a report', { evidence: { run: started } });
  return report;
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
