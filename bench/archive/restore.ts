import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { monotonicMs } from '../../lab/clock.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { eachOf } from '../../activities/archive/recovery/objects.ts';
import type { Say } from '../bench.ts';
import { defineBench } from '../bench.ts';
import { oneMinuteLoad, p50, rounded } from '../statistics.ts';
import type { RestoreStage } from './stage.ts';
import { login, openRestoreStage } from './stage.ts';

/** As many as `archive.prove-objects` reads at once, and as many sockets. */
const window = 8;

const settings = [
  'one object server in memory, a process of its own on loopback (bench/archive/object-server.ts), for both sides',
  `the AWS SDK for JavaScript for both sides, ${window} requests at the same time`,
  'Temporal dev server of the lab, SQLite on a file; workflows and steps of archive.drill, staging reads the rows and keeps none',
  'objects of random bytes, thawed at once; the rounds take turns, after one to warm up',
];

type Side = { mbPerS: number; objectsPerS: number };

/** Copy-out with its proof beside a bare download. */
export type ArchiveRestoreResult = {
  bench: 'archive-restore';
  quick: boolean;
  objects: number;
  bytes: number;
  rounds: number;
  /** What the link of the store carries; 0 where it is unbounded. */
  linkMbPerS: number;
  gantry: Side & {
    /** Of the whole run: what is neither transfer nor thaw. */
    overheadShare: number;
    /** The same in milliseconds. */
    overheadMs: number;
  };
  bare: Side;
  /** Throughput of copy-out with verification, as a share of the bare download's. */
  ratio: number;
  settings: readonly string[];
  node: string;
  load: readonly [number, number];
};

/** What the proof of every byte costs beside a download that proves nothing. */
export const archiveRestore = defineBench<ArchiveRestoreResult>({
  name: 'archive-restore',
  summary: 'copy-out with verification of every byte, against a bare parallel download of the same objects',
  settings,
  options: {
    objects: { type: 'string', help: 'how many objects (48)' },
    size: { type: 'string', help: 'of each, in MB (16)' },
    rounds: { type: 'string', help: 'of each side (5)' },
    link: { type: 'string', help: 'what the link of the store carries, in MB/s (unbounded)' },
    quick: { type: 'boolean', help: '8 objects of 4 MB, one round, for CI: its figures are rough' },
  },
  async run(options, say) {
    const quick = options['quick'] === true;
    const objects = Number(options['objects'] ?? (quick ? 8 : 48));
    const bytesOfOne = Number(options['size'] ?? (quick ? 4 : 16)) * 1e6;
    const rounds = Number(options['rounds'] ?? (quick ? 1 : 5));
    const linkMbPerS = Number(options['link'] ?? 0);
    const loadBefore = oneMinuteLoad();
    const stage = await openRestoreStage(objects, bytesOfOne, linkMbPerS);
    const bytes = objects * bytesOfOne;
    say(`${objects} objects of ${bytesOfOne / 1e6} MB are in the store`);
    const bare: number[] = [];
    const gantry: Measured[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      // Its thaw is what the download needs as well.
      const drilled = await drill(stage, round);
      const downloadedMs = await download(stage, bytes);
      saySides(say, round, drilled, downloadedMs);
      if (round === 0) continue;
      gantry.push(drilled);
      bare.push(downloadedMs);
    }
    const sideOf = (ms: number): Side => ({
      mbPerS: rounded(bytes / 1e3 / ms),
      objectsPerS: rounded((objects * 1e3) / ms),
    });
    const [gantryMs, bareMs] = [p50(gantry.map((one) => one.transferMs)), p50(bare)];
    return {
      bench: 'archive-restore',
      ...{ quick, objects, bytes, rounds, linkMbPerS },
      gantry: {
        ...sideOf(gantryMs),
        overheadShare: rounded(p50(gantry.map(({ overheadMs, wholeMs }) => overheadMs / wholeMs)), 3),
        overheadMs: rounded(p50(gantry.map(({ overheadMs }) => overheadMs)), 0),
      },
      bare: sideOf(bareMs),
      ratio: rounded(bareMs / gantryMs, 3),
      settings,
      node: process.version,
      load: [loadBefore, oneMinuteLoad()],
    };
  },
  table: ({ gantry, bare, ratio, objects, bytes, linkMbPerS }) => [
    `${objects} objects, ${bytes / 1e6} MB${linkMbPerS > 0 ? `, over a link of ${linkMbPerS} MB/s` : ''}`,
    `copy-out with verification: ${gantry.mbPerS} MB/s, ${gantry.objectsPerS} objects/s`,
    `bare parallel download:     ${bare.mbPerS} MB/s, ${bare.objectsPerS} objects/s`,
    `ratio ${ratio} (aim: at least 0.9)`,
    `neither transfer nor thaw: ${gantry.overheadMs} ms, ${(100 * gantry.overheadShare).toFixed(1)} % of a drill (aim: at most 5 %)`,
  ],
});

type Measured = { transferMs: number; overheadMs: number; wholeMs: number };

/** One real drill. Transfer is what its phases `copy` and `verify` took by their own clocks, engine and all. */
async function drill({ harness }: RestoreStage, round: number): Promise<Measured> {
  const handle = await harness.start('all', { reason: `round ${round}` }, 'archiveDrill');
  const report = (await handle.result()) as RunReport;
  if (report.outcome !== 'done') throw new Error(`the drill ended as ${report.outcome}`);
  const ms = (name: string): number => report.ledger?.find((phase) => phase.name === name)?.ms ?? 0;
  const stepMs = (name: string): number =>
    report.steps.reduce((sum, { step, ms: took = 0 }) => sum + (step === name ? took : 0), 0);
  // Filling staging is a transfer too: each object is read once more.
  const moved = stepMs('archive.copy-out') + stepMs('archive.prove-objects') + stepMs('archive.fill-staging');
  return {
    transferMs: ms('copy') + ms('verify'),
    overheadMs: report.ms - ms('thaw') - moved,
    wholeMs: report.ms,
  };
}

/** The same objects by the same client, as fast as it goes, and nothing done with them. */
async function download({ at, keys }: RestoreStage, bytes: number): Promise<number> {
  const client = new S3Client({
    ...{ region: at.region, endpoint: at.endpoint ?? '', forcePathStyle: true, credentials: login },
    ...{ requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED' },
    requestHandler: { httpAgent: { maxSockets: window } },
  });
  let got = 0;
  const startedAt = monotonicMs();
  await eachOf(keys, window, async (key) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: at.bucket, Key: key }));
    for await (const chunk of Body as AsyncIterable<Uint8Array>) got += chunk.byteLength;
  });
  const ms = monotonicMs() - startedAt;
  client.destroy();
  if (got !== bytes) throw new Error(`${got} bytes came instead of ${bytes}`);
  return ms;
}

function saySides(say: Say, round: number, { transferMs, wholeMs }: Measured, downloadedMs: number): void {
  const name = round === 0 ? 'warm-up' : `round ${round}`;
  say(
    `${name}: copied and proven in ${transferMs} ms of a drill of ${wholeMs} ms; downloaded in ${Math.round(downloadedMs)} ms`,
  );
}
