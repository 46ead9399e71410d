import { monotonicMs } from '../../lab/clock.ts';
import { withClient } from '../../src/client/index.ts';
import { duration } from '../../src/cli/render/time.ts';
import { bytes } from '../../src/cli/render/size.ts';
import type { RunReport, StepRecord } from '../../src/runs/index.ts';
import { carryOut } from '../carry-out.ts';
import { say, table as rowsOf, title } from '../say.ts';
import type { Stage } from '../stage.ts';
import type { Digests } from './data.ts';
import { destroy, digestsOf, fill } from './data.ts';
import type { ArchiveScene } from './scene.ts';
import { bucket, openScene, prefix, table } from './scene.ts';

/** A thaw takes hours; in the demo it takes so long, and the run's next look is a minute after its first. */
const thawMs = 20_000;

/** What the demo proves, in figures. */
export type ArchiveFigures = {
  outcomes: readonly string[];
  rows: number;
  /** Whether the data of production are what they were, after all of it was destroyed. */
  digestsEqual: boolean;
  /** Whether the drill and the restore saw the same rows in staging. */
  drillAgrees: boolean;
  /** Every object of the backup was read to its last byte, by the drill and by the restore. */
  proven: boolean;
  /** Objects that the restore had to thaw. */
  thawed: number;
};

/** A cluster and a group are backed up, aged into Glacier, drilled, destroyed, restored and promoted. */
export async function demoArchive(stage: Stage): Promise<ArchiveFigures> {
  title('Archive: from Glacier to proven, promoted data');
  const scene = await openScene(stage);
  say(`ClickHouse: 2 shards of 2, Redis: a primary and a replica, a server of each as staging, an object store (moto)`);
  say(`Temporal: ${stage.temporal.address}, UI ${stage.temporal.uiUrl}; workers poll`);
  const filled = await fill(scene);
  say(`${filled.rows.toLocaleString('en')} rows and ${filled.keys.toLocaleString('en')} keys`);
  const before = await digestsOf(scene);
  return withClient(stage.connection, async (client) => {
    const main = { archive: 'main', reason: 'to show how it goes' };
    const backup = await carryOut(stage, client, 'archive.backup', main);
    const aged = await scene.s3.age(bucket, `${prefix}data/`, 'GLACIER');
    say(`90 days pass in the store: ${aged} objects are in GLACIER, the manifest and the schema are not`);
    await scene.s3.thawAfter(Infinity);

    const drill = await thawing(scene, aged, () => carryOut(stage, client, 'archive.drill', { ...main, what: 'all' }));
    // What the drill thawed would spare the restore its own thaw.
    await scene.s3.age(bucket, `${prefix}data/`, 'GLACIER');
    await destroy(scene);
    say(`destroyed: ${table} on all four servers, and every key of the group`);
    const restore = await thawing(scene, aged, () =>
      carryOut(stage, client, 'archive.restore', { ...main, what: 'all' }),
    );
    const after = await digestsOf(scene);
    return conclude(scene, { backup, drill, restore }, { before, after }, filled.rows + filled.keys);
  });
}

/** Ends the thaw some time after it was asked for of every object. */
async function thawing({ s3 }: ArchiveScene, objects: number, run: () => Promise<RunReport>): Promise<RunReport> {
  const asked = (): number => s3.requests.filter(({ verb }) => verb === 'RESTORE').length;
  const before = asked();
  let since: number | undefined;
  const timer = setInterval(() => {
    if (since === undefined && asked() - before >= objects) since = monotonicMs();
    if (since === undefined || monotonicMs() - since < thawMs) return;
    // A demo that is interrupted has no store any more.
    s3.thawed(bucket, `${prefix}data/`).catch(() => undefined);
  }, 1_000);
  try {
    return await run();
  } finally {
    clearInterval(timer);
  }
}

type Reports = { backup: RunReport; drill: RunReport; restore: RunReport };

function conclude(
  { s3 }: ArchiveScene,
  { backup, drill, restore }: Reports,
  { before, after }: { before: Digests; after: Digests },
  rows: number,
): ArchiveFigures {
  const digestsEqual = before.size === after.size && [...before].every(([name, digest]) => after.get(name) === digest);
  const drillAgrees = JSON.stringify(verified(drill)) === JSON.stringify(verified(restore));
  const proofs = [drill, restore].map((report) => stepOf(report, 'archive.prove-objects')?.after as Proof | undefined);
  const wanted = (drill.measurements['bytes'] ?? 0) > 0 ? drill.measurements['bytes'] : undefined;
  const proven = proofs.every((proof) => proof?.faults.length === 0 && proof.bytes === wanted);
  const thawed = restore.measurements['objects.cold'] ?? 0;

  for (const report of [drill, restore]) {
    title(`Ledger of ${report.kind}`);
    rowsOf([
      ...(report.ledger ?? []).map(({ name, ms, stoodMs }): [string, string] => [
        name,
        `${duration(ms)}${stoodMs > 0 ? `, ${duration(stoodMs)} of it waiting for people` : ''}`,
      ]),
      ['RTO, all phases', duration((report.ledger ?? []).reduce((sum, { ms }) => sum + ms, 0))],
      ['RPO, what would be lost', `${loss(report, 'rpo.leastMs')} to ${loss(report, 'rpo.mostMs')}`],
      ['cost, estimated', estimated(report)],
      ['cost, of what was asked for', stepOf(report, 'archive.count-cost')?.summary ?? 'not known'],
    ]);
  }
  title('Result');
  const asked = s3.requests.filter(({ verb }) => verb === 'RESTORE').length;
  rowsOf([
    ['backup', `${backup.outcome} in ${duration(backup.ms)}: ${backup.measurements['objects'] ?? 0} objects`],
    ['drill', `${drill.outcome} in ${duration(drill.ms)}`],
    ['restore', `${restore.outcome} in ${duration(restore.ms)}`],
    [
      'objects verified, to the last byte',
      `${proofs.map((proof) => proof?.objects ?? 0).join(' and ')}, ${bytes(wanted ?? 0)} each`,
    ],
    ['objects thawed', `${thawed}, with ${asked} requests by drill and restore`],
    ['what the drill saw in staging, and the restore', drillAgrees ? 'equal' : 'THEY DIFFER'],
    ...[...before].map(([name, digest]): [string, string] => [
      name,
      after.get(name) === digest ? `${digest}, as before` : `${digest}, NOW ${after.get(name) ?? 'nothing'}`,
    ]),
    ['digests of all', digestsEqual ? 'equal before and after' : 'THEY DIFFER'],
    ['report', restore.published ?? 'not published'],
  ]);
  const outcomes = [backup, drill, restore].map(({ outcome }) => outcome);
  return { outcomes, rows, digestsEqual, drillAgrees, proven, thawed };
}

type Proof = { objects: number; bytes: number; faults: readonly unknown[] };

function stepOf({ steps }: RunReport, name: string): StepRecord | undefined {
  return steps.find(({ step }) => step === name);
}

/** What the steps saw in staging: rows and digests, by table or group. */
function verified({ steps }: RunReport): unknown[] {
  return steps.filter(({ step }) => step === 'archive.verify-staging').map(({ after }) => after);
}

function loss({ measurements }: RunReport, name: string): string {
  return duration(measurements[name] ?? Number.NaN);
}

/** What the plan said, and what the last step made of the requests that were sent. */
function estimated({ plan, measurements }: RunReport): string {
  const [name = '', amount] = Object.entries(measurements).find(([key]) => key.startsWith('estimate.cost.')) ?? [];
  const rough = amount === undefined ? 'not known' : `about ${amount} ${name.split('.').at(-1) ?? ''}`;
  // The report of a restore has the plan of its promotion.
  return plan?.facts.find(({ label }) => label === 'cost')?.value ?? rough;
}
