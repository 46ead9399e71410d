import type { ActionOf, DraftOf, PromotionData, RestoreData, RestorePart, UpgradeData } from '../../../runs/index.ts';
import type { Upgrade } from '../recovery/index.ts';
import { moneyWords, partWords, sizeWords } from '../recovery/index.ts';

/** What the second approval is about: what was verified, and what will be put where. Pure. */
export function planPromotion(
  { archive, backupId, name, parts }: RestoreData,
  verified: PromotionData['verified'],
): DraftOf<'archive.restore', PromotionData> {
  const what = parts.map(partWords).join(', ');
  return {
    title: `promote ${what} from backup ${backupId}`,
    actions: promotionActions(parts),
    facts: verified.flatMap(({ what: of, rows, sum, xor, totals = [] }) => [
      { label: of, value: `${rows} rows, digest ${sum}/${xor}` },
      ...totals.map(({ name: total, value, partitions }) => ({
        label: `${total} of ${of}`,
        value: `${value}, equal to the backup in ${partitions} partitions`,
      })),
    ]),
    warnings: [],
    irreversible: ['once clients write to what was restored, nothing brings back what was there before'],
    needsApproval: ['the restored data is verified, and waits for a person to promote it'],
    voidIf: ['staging holds other rows than were verified', 'a table or a group of production is not empty any more'],
    data: { stage: 'promote', archive, backupId, name, parts, verified },
  };
}

/** What follows the proof of a restore. */
export function promotionActions(parts: readonly RestorePart[]): readonly ActionOf<'archive.restore'>[] {
  const clickhouse = parts.some(({ kind }) => kind === 'clickhouse');
  return [
    ...(clickhouse
      ? [
          { step: 'archive.make-tables' as const, what: 'make the tables that production lacks', reversible: true },
          {
            step: 'archive.fill-production' as const,
            what: 'load the rows beside the tables of production, and prove them',
            reversible: true,
          },
        ]
      : []),
    { step: 'archive.promote', what: `promote ${parts.map(partWords).join(', ')}`, reversible: false },
  ];
}

/** A faster tier for what is late. Pure. What moves by itself is in the facts alone. */
export function planUpgrade(
  { archive, backupId, estimate }: RestoreData,
  upgrade: Upgrade,
  late: number,
): DraftOf<'archive.restore', UpgradeData> {
  const of = { stage: 'upgrade', archive, backupId } as const;
  const facts = [{ label: 'late', value: `${late} objects` }];
  const rest = { facts, warnings: [], irreversible: [], voidIf: [] };
  if (upgrade.upgrade === 'none')
    return { title: 'wait on: no faster tier would be in time', actions: [], data: of, ...rest };
  const { tier, objects, bytes, extra, asks } = upgrade;
  const cost = moneyWords(extra, estimate.currency);
  return {
    ...rest,
    title: `ask for what is late again, with ${tier}`,
    actions: [{ step: 'archive.request-thaw', what: `ask for what is late with ${tier}`, reversible: true }],
    facts: [
      ...facts,
      { label: 'cost', value: `about ${cost} more, for ${objects} objects (${sizeWords(bytes)})` },
      { label: 'estimate so far', value: moneyWords(estimate.total, estimate.currency) },
    ],
    ...(asks ? { needsApproval: [`the deadline is at risk; ${tier} costs about ${cost} more than was approved`] } : {}),
    voidIf: ['another tier would be asked for'],
    data: { ...of, tier },
  };
}
