import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { GapReport } from '../../lab/load/redis-writers.ts';
import type { WriterProcess } from '../../lab/load/redis-writer-process.ts';
import { startRigWriters } from '../../lab/load/rig-writers.ts';
import { withRedis } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { guardStatus, startGuard, withClient } from '../../src/client/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import { validateGuardInput } from '../../src/registry/index.ts';
import type { GuardFailover, RunReport } from '../../src/runs/index.ts';
import { carryOut, followRun } from '../carry-out.ts';
import type { Roles } from './group.ts';
import { demoGroup, roles } from './group.ts';
import { say, table, title } from '../say.ts';
import type { Stage } from '../stage.ts';

const writers = 4;
const aroundMs = 2_000;
const noticeWithinMs = 20_000;
const pollEveryMs = 50;

/** What the demo proves, in figures. */
export type FailoverFigures = {
  /** All three runs ended as done, and every node but the primary is a replica. */
  done: boolean;
  /** By the writers' ledger, and by the old primary's file: the latter also has writes that were never answered. */
  lost: number;
  unanswered: number;
  lostByForensics: number | undefined;
  twoPrimaries: boolean;
};

/** A real primary is killed under write load; answers what the writers and the forensics saw. */
export async function demoRedisFailover(stage: Stage): Promise<FailoverFigures> {
  title('Redis failover: the primary is killed (SIGKILL) under write load');
  const rig = await demoGroup(stage);
  const before = await roles(rig);
  const dead = rig.group.nodes.find(({ name }) => before.get(name) === 'primary');
  if (!dead) throw new GantryError('UNEXPECTED', 'no node is primary', { evidence: { before: [...before] } });
  // Synced at every write, the dead primary's file is a whole account of what it had.
  for (const node of rig.group.nodes) {
    await withRedis(node, rig.group.password, (redis) => redis.config('SET', 'appendfsync', 'always'));
  }
  const load = await startRigWriters(rig, { writers, maxWrites: 3_000_000 });
  stage.onClose(() => load.close());
  return withClient(stage.connection, async (client) => {
    await startGuard(
      client,
      { group: rig.groupName, mode: 'act', requestedBy: 'demo' },
      { taskQueue: stage.taskQueue, check: validateGuardInput },
    );
    say(`the guard of ${rig.groupName} watches it: gantry redis guard ${rig.groupName} --status`);
    await pause(aroundMs);
    const sinceMs = await load.mark('crash');
    const killedAt = Date.now();
    await dead.kill();
    const { acked } = await load.snapshot();
    say(`${dead.name}, the primary, is killed; ${acked.toLocaleString('en')} writes acknowledged`);
    const failover = await startedByGuard(client, rig.groupName);
    const noticedMs = Date.parse(failover.startedAt) - killedAt;
    say(`the guard has started ${failover.workflowId}, ${noticedMs} ms after the kill`);
    const report = await followRun(stage, client, failover);
    const gap = await load.gap('crash');
    const deadAfter = await roles(rig);
    const comeback = await comeBack(stage, client, rig.groupName, dead.name);
    await pause(aroundMs);
    await guardSeesWell(client, rig.groupName);
    return conclude(rig, load, { before, report, sinceMs, noticedMs, gap, deadAfter, ...comeback });
  });
}

/** The failover that the guard starts once the primary is silent. */
async function startedByGuard(client: Client, group: string): Promise<GuardFailover> {
  for (let left = noticeWithinMs; left > 0; left -= pollEveryMs) {
    const [started] = (await guardStatus(client, group)).status?.failovers ?? [];
    if (started) return started;
    await pause(pollEveryMs);
  }
  throw new GantryError('UNEXPECTED', `the guard of ${group} started no failover within ${noticeWithinMs / 1000} s`);
}

/** The guard has looked again since: what it found while a node was away is gone, or it is still so and the doctor says it. */
async function guardSeesWell(client: Client, group: string): Promise<void> {
  for (let left = noticeWithinMs; left > 0; left -= pollEveryMs) {
    const { status } = await guardStatus(client, group);
    if (status?.state === 'watching' && status.findings.length === 0) return;
    await pause(pollEveryMs);
  }
}

/** Its machine is back: the old primary is started behind its boot guard and follows; then the group is as declared. */
async function comeBack(stage: Stage, client: Client, group: string, node: string): Promise<Comeback> {
  title(`${node} returns: as a replica, its data kept`);
  const asked = { group, reason: 'its machine is back' };
  const rejoin = await carryOut(stage, client, 'redis.rejoin', { ...asked, node });
  const redundancy = await carryOut(stage, client, 'redis.restore-redundancy', asked);
  return { rejoin, redundancy };
}

type Comeback = { rejoin: RunReport; redundancy: RunReport };
type Shown = Comeback & {
  before: Roles;
  report: RunReport;
  sinceMs: number;
  noticedMs: number;
  gap: GapReport;
  deadAfter: Roles;
};

async function conclude(
  rig: RedisRig,
  load: WriterProcess,
  { before, report, sinceMs, noticedMs, gap, deadAfter, rejoin, redundancy }: Shown,
): Promise<FailoverFigures> {
  const primaries = await load.twoPrimaries({ sinceMs });
  const { acked, unknown } = await load.stop();
  const after = await roles(rig);
  const primary = rig.group.nodes.find((node) => after.get(node.name) === 'primary');
  if (!primary) throw new GantryError('UNEXPECTED', 'no node is primary', { evidence: { after: [...after] } });
  const { lost, unknownFound } = await load.verify({ host: primary.host, port: primary.port });
  const unanswered = unknown - unknownFound;
  const { measurements } = report;
  const ms = (name: string): string => {
    const value = measurements[name];
    return value === undefined ? '?' : `${value.toFixed(0)} ms`;
  };
  const outcomes = [report, rejoin, redundancy].map(({ outcome }) => outcome);
  const lostByForensics = measurements['lostWrites'];
  const found = report.steps.find(({ step }) => step === 'redis.forensics')?.summary ?? 'no forensics';
  const kept = rejoin.steps.find(({ step }) => step === 'redis.keep-data')?.summary ?? 'nothing kept';
  const redundancyWords = redundancy.plan?.title ?? '?';
  title('Result');
  table([
    ['outcome of failover, rejoin, restore-redundancy', outcomes.join(', ')],
    ['noticed by the guard, from the kill', `${noticedMs} ms`],
    ['found dead (3 probes from each vantage, replicas asked) and planned', ms('detectMs')],
    ['fenced', ms('fenceMs')],
    ['promoted, new epoch', ms('redis.promote.promoteMs')],
    ['redirected', ms('redis.promote.redirectMs')],
    ['no writes, longest of any writer, from the kill to the redirect', `${gap.maxMs.toFixed(0)} ms`],
    ['acknowledged writes', acked.toLocaleString('en')],
    ['lost of those, by the writers’ ledger', String(lost)],
    ['lost, by the dead primary’s append-only file', accountOf({ lost, unanswered, lostByForensics })],
    ['forensics', found],
    ['two primaries at any moment', primaries.twoPrimaries ? 'YES' : 'no'],
    ...rig.group.nodes.map(
      (node) =>
        [
          `${node.name}: before → after the failover → now`,
          `${before.get(node.name)} → ${deadAfter.get(node.name)} → ${after.get(node.name)}`,
        ] as const,
    ),
    ['old primary: start to caught up', `${(rejoin.ms / 1000).toFixed(1)} s, ${kept}`],
    ['redundancy', redundancyWords],
    ['report', report.published ?? 'not published'],
  ]);
  const replicas = [...after.values()].filter((role) => role === 'replica').length;
  return {
    done: outcomes.every((outcome) => outcome === 'done') && replicas === rig.group.nodes.length - 1,
    ...{ lost, unanswered, lostByForensics, twoPrimaries: primaries.twoPrimaries },
  };
}

/** How the dead primary's file stands to the writers' ledger, in words. */
function accountOf(figures: Pick<FailoverFigures, 'lost' | 'unanswered' | 'lostByForensics'>): string {
  const { lost, unanswered, lostByForensics } = figures;
  if (lostByForensics === undefined) return 'not known';
  if (!agree(figures)) return `${lostByForensics}: the two accounts DISAGREE (${unanswered} writes got no answer)`;
  const more = lostByForensics - lost;
  return `${lostByForensics}: ${more === 0 ? 'the same' : `${lost} acknowledged, and ${more} that were never acknowledged`}`;
}

/** The file has what the ledger misses, and besides it at most what was under way when the primary died. */
export function agree({
  lost,
  unanswered,
  lostByForensics,
}: Pick<FailoverFigures, 'lost' | 'unanswered' | 'lostByForensics'>): boolean {
  return lostByForensics !== undefined && lostByForensics >= lost && lostByForensics <= lost + unanswered;
}
