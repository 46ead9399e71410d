import type { ClickHouseActivities } from '../../../activities/clickhouse/index.ts';
import type { Cutover } from '../../../activities/clickhouse/cutover/read.ts';
import type { StepOf } from '../../../src/runs/index.ts';
import { domainRefs } from '../../run/call.ts';
import { Ending } from '../../run/ending.ts';
import { stagingName } from '../../run/names.ts';
import type { Run } from '../../run/run.ts';
import { simpleTrouble } from '../../run/trouble.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/** How often a copy is made of a partition that goes on changing. */
const rounds = 3;

/**
 * Everything up to the cutover: nothing of it is seen by a reader, and all of it can be taken back. Rows that come to the
 * source meanwhile make it begin again, in a staging table of another name.
 */
export async function prepareMove(
  run: Run<StepOf<'clickhouse.move'>>,
  data: Omit<Cutover['move'], 'staging'>,
): Promise<Cutover> {
  for (let round = 1; ; round += 1) {
    const move = { ...data, staging: `${stagingName(data.name.table, 'mv')}_${round}` };
    const last = round === rounds;
    const ready = await oneRound(run, move, last);
    if (ready) return ready;
    await run.step('drop the staging table', clickhouse.dropStaging, move, { leavesNothing: true });
  }
}

async function oneRound(
  run: Run<StepOf<'clickhouse.move'>>,
  move: Cutover['move'],
  last: boolean,
): Promise<Cutover | undefined> {
  const slow = { profile: 'slow' } as const;
  const manifest = needed(await run.step('take the manifest', clickhouse.takeManifest, move, slow));
  await run.step('make the staging table', clickhouse.makeStaging, move, { undo: true });
  await run.step(
    'copy the partition',
    clickhouse.copy,
    { move, manifest },
    {
      leavesNothing: true,
      profile: 'watched',
    },
  );
  const copy = needed(await run.step('verify the copy', clickhouse.verifyCopy, { move, manifest, last }, slow));
  if (!copy.same) return undefined;
  const look = { move, manifest, parts: copy.parts, last };
  if (!needed(await run.step('look at the source again', clickhouse.recheckSource, look, slow)).same) return undefined;
  await run.step('stop the merges', clickhouse.stopMerges, move, { undo: true });
  const own = needed(await run.step('look at the target', clickhouse.readTarget, move, slow));
  await run.step('hold the ingest', clickhouse.holdIngest, move, { undo: true });
  const source = needed(await run.step('take a last look at the source', clickhouse.recheckSource, look, slow));
  if (source.same)
    return { move, copy: copy.parts, digest: manifest.digest, source, own, quiet: manifest.quiet, from: 'staging' };
  await run.step('let the ingest go on', clickhouse.openIngest, move, { leavesNothing: true });
  await run.step('start the merges', clickhouse.startMerges, move, { leavesNothing: true });
  return undefined;
}

/** What these steps find is what the next ones work from: skipped, there is nothing to go on with. */
export function needed<O>(report: { after: O } | undefined): O {
  if (report) return report.after;
  throw new Ending('aborted', simpleTrouble('SKIP_REFUSED', 'a move cannot go on without what a skipped step finds'));
}
