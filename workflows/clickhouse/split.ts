import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type { ClickHouseSplitInput, RunReport } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import { criticalStep } from '../run/critical.ts';
import { stagingName } from '../run/names.ts';
import { openRun } from '../run/open-run.ts';
import { finishMove } from './moves/finish.ts';
import { needed } from './moves/prepare.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Moves the rows of some buckets of one partition from a shard to another one: both what goes and what stays is copied and
 * proven, then the source gives the whole partition away and takes back what stays. A part of a key-reshard, which holds the
 * table. Its writers are held from the first look on, so that a partition that takes rows can be split too. Runbook:
 * docs/clickhouse/key-reshard.md.
 */
export async function clickhouseSplit(input: ClickHouseSplitInput): Promise<RunReport> {
  return openRun('clickhouse.split', input, async (run) => {
    const plan = await run.plan(clickhouse.planSplit, input);
    const { data } = plan;
    await run.approval(plan);
    const slow = { profile: 'slow' } as const;
    const named = (what: string): string => stagingName(data.name.table, what);
    const go = { ...data, staging: named('go') };
    const stay = { ...data, target: data.source, staging: named('stay') };
    const split = { go, stay, buckets: input.buckets };

    await run.step('hold the ingest', clickhouse.holdIngest, data, { undo: true });
    const manifest = needed(await run.step('take the manifest', clickhouse.takeManifest, data, slow));
    await run.step('make the staging table of what goes', clickhouse.makeStaging, go, { undo: true });
    await run.step('make the staging table of what stays', clickhouse.makeStaging, stay, { undo: true });
    await run.step(
      'copy what goes and what stays',
      clickhouse.fillSplit,
      { split, manifest },
      {
        leavesNothing: true,
        profile: 'watched',
      },
    );
    const copies = needed(await run.step('verify both copies', clickhouse.verifySplit, { split, manifest }, slow));
    await run.step('stop the merges', clickhouse.stopMerges, data, { undo: true });
    const own = needed(await run.step('look at the target', clickhouse.readTarget, data, slow));
    const look = { move: go, manifest, parts: copies.go.parts, last: true };
    const source = needed(await run.step('take a last look at the source', clickhouse.recheckSource, look, slow));

    const cutover = {
      move: go,
      copy: copies.go.parts,
      digest: copies.go.digest,
      source,
      own,
      quiet: manifest.quiet,
      from: 'staging' as const,
    };
    const back = { stay, copy: copies.stay, maxBlock: source.maxBlock };
    await finishMove(run, cutover, [criticalStep('give the source its own rows back', clickhouse.giveOwnBack, back)]);
    run.measure('stayedRows', copies.stay.digest.rows);
    await run.step('drop the staging table of what went', clickhouse.dropStaging, go, { leavesNothing: true });
    await run.step('drop the staging table of what stayed', clickhouse.dropStaging, stay, { leavesNothing: true });
  });
}
