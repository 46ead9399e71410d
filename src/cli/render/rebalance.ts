import type { RebalanceLeft, RebalanceMove, RebalancePlan, RebalanceShare } from '../../runs/index.ts';
import type { Canvas } from './paint.ts';
import { clip, columns, pad, paint } from './paint.ts';
import { bytes } from './size.ts';
import { duration } from './time.ts';

const shownMoves = 40;
const heads = ['#', 'FROM', 'TO', 'PARTITION', 'UNDO', 'ROWS', 'BYTES', 'TIER', 'STARTS', 'TAKES'] as const;
const onTheRight = new Set(['#', 'ROWS', 'BYTES', 'STARTS', 'TAKES']);

/** A plan of partition moves for a terminal: what it comes to, the moves, each shard before and after, what stays and why. */
export function rebalanceLines(plan: RebalancePlan, canvas: Canvas): string[] {
  return [
    paint(canvas, 'bold', `Rebalance ${plan.table} on ${plan.cluster}`),
    ...plan.summary.map((line) => `  ${line}`),
    ...(plan.moves.length ? ['', ...moveLines(plan.moves, canvas)] : []),
    '',
    ...shareLines(plan.shares, canvas),
    ...(plan.left.length ? ['', ...leftLines(plan.left, canvas)] : []),
  ];
}

/** The moves as a table, in the order in which they start; of very many the first ones. */
export function moveLines(moves: readonly RebalanceMove[], canvas: Canvas): string[] {
  const shown = moves.slice(0, shownMoves);
  const rows = shown.map(
    ({ order, from, to, partition, rows: count, bytes: size, tier, startsAfterMs, takesMs, undo }) => [
      String(order),
      from,
      to,
      partition,
      undo === 'drop' ? 'yes' : 'reverse move',
      count.toLocaleString('en'),
      bytes(size),
      tier,
      startsAfterMs === 0 ? 'at once' : `+${duration(startsAfterMs)}`,
      duration(takesMs),
    ],
  );
  const widths = heads.map((head, at) => Math.max(columns(head), ...rows.map((row) => columns(row[at] ?? ''))));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        return onTheRight.has(heads[at] ?? '')
          ? ' '.repeat(Math.max(0, width - columns(cell))) + cell
          : pad(cell, width);
      })
      .join('  ')
      .trimEnd();
  const more = moves.length - shown.length;
  return [
    paint(canvas, 'dim', clip(canvas, line(heads))),
    ...rows.map((row) => clip(canvas, line(row))),
    ...(more ? [paint(canvas, 'dim', `… and ${more} more, ${bytes(total(moves.slice(shownMoves)))}`)] : []),
  ];
}

/** For each tier, two bars per shard: before and after. The mark in a bar is the shard's share. */
export function shareLines(shares: readonly RebalanceShare[], canvas: Canvas): string[] {
  const tiers = [...new Set(shares.map(({ tier }) => tier))];
  return tiers.flatMap((tier) => {
    const here = shares.filter((share) => share.tier === tier);
    const most = Math.max(1, ...here.flatMap((one) => [one.beforeBytes, one.afterBytes, one.shareBytes]));
    const name = Math.max(...here.map(({ shard }) => columns(shard)));
    const size = Math.max(...here.flatMap((one) => [columns(bytes(one.beforeBytes)), columns(bytes(one.afterBytes))]));
    // Name, "before", size and what is said behind the bar.
    const width = Math.max(10, Math.min(50, canvas.width - name - size - 34));
    return [
      paint(canvas, 'bold', tier),
      ...here.flatMap((share) => {
        const row = (label: string, when: string, held: number) =>
          `  ${pad(label, name)}  ${when}  ${bar(held, share.shareBytes, most, width)}  ${' '.repeat(size - columns(bytes(held)))}${bytes(held)}`;
        const wasWithin = share.beforeBytes >= share.lowBytes && share.beforeBytes <= share.highBytes;
        return [
          clip(
            canvas,
            `${row(share.shard, 'before', share.beforeBytes)}  ${state(canvas, share, share.beforeBytes, wasWithin)}`,
          ),
          clip(
            canvas,
            `${row('', 'after ', share.afterBytes)}  ${state(canvas, share, share.afterBytes, share.within)}`,
          ),
        ];
      }),
    ];
  });
}

/** What stays, by shard and reason; what merely isn't needed is summed up. */
export function leftLines(left: readonly RebalanceLeft[], canvas: Canvas): string[] {
  const needless = left.filter(({ reason }) => reason === 'not-needed');
  const rest = left.filter(({ reason }) => reason !== 'not-needed');
  const count = needless.reduce((sum, { partitions }) => sum + partitions, 0);
  return [
    paint(canvas, 'dim', 'What stays:'),
    ...rest.map(
      ({ shard, tier, why, bytes: size, examples, partitions }) =>
        `  - ${shard} ${tier}: ${why} (${bytes(size)}: ${examples.join(', ')}${partitions > examples.length ? ', …' : ''})`,
    ),
    ...(count ? [`  - ${count} other partitions (${bytes(total(needless))}): the shares are met without them`] : []),
  ];
}

/** Full and half blocks, and a mark where the share ends. */
function bar(held: number, share: number, most: number, width: number): string {
  const halves = Math.round((held / most) * width * 2);
  const cells = Array.from({ length: width }, (_, at): string =>
    halves >= at * 2 + 2 ? '█' : halves > at * 2 ? '▌' : '·',
  );
  if (share > 0) cells[Math.min(width - 1, Math.round((share / most) * width))] = '|';
  return cells.join('');
}

function state(canvas: Canvas, { shareBytes }: RebalanceShare, held: number, within: boolean): string {
  if (shareBytes === 0) return held === 0 ? paint(canvas, 'green', 'empty') : paint(canvas, 'red', 'to be emptied');
  const percent = Math.round((held / shareBytes - 1) * 100);
  const words = `${percent > 0 ? '+' : ''}${percent} %`;
  return paint(canvas, within ? 'green' : 'red', words);
}

function total(list: readonly { bytes: number }[]): number {
  return list.reduce((sum, one) => sum + one.bytes, 0);
}
