import type { RestoreTiming, ThawTier } from '../../../runs/index.ts';
import type { Spending } from './money.ts';

/** What a step that thaws counts, beside the requests and bytes that the store counts. */
export function thawCounts(
  storageClass: string,
  tier: ThawTier,
  bytes: number,
): readonly (readonly [name: string, by: number])[] {
  const of = `thaw.${storageClass}.${tier}`;
  return [
    [`${of}.objects`, 1],
    [`${of}.bytes`, bytes],
  ];
}

const tiers: readonly string[] = ['Expedited', 'Standard', 'Bulk'] satisfies ThawTier[];
const day = 86_400_000;

/** The counts of a run → what was asked of the store. Pure. */
export function spendingOfAsked(asked: Readonly<Record<string, number>>, timing: RestoreTiming): Spending {
  const thaws = Object.entries(asked).flatMap(([name, objects]) => {
    const [, storageClass = '', tier = ''] = /^thaw\.([A-Z_]+)\.([A-Za-z]+)\.objects$/.exec(name) ?? [];
    if (!tiers.includes(tier)) return [];
    const bytes = asked[`thaw.${storageClass}.${tier}.bytes`] ?? 0;
    return [{ storageClass, tier: tier as ThawTier, objects, bytes }];
  });
  const thawed = thaws.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    thaws,
    copies: { bytes: timing.copiedBytes, days: timing.copiesMs / day },
    // A temporary copy is charged for as long as it was asked for.
    thawed: { bytes: thawed, days: timing.days },
    puts: asked['put'] ?? 0,
    gets: asked['get'] ?? 0,
    lists: asked['list'] ?? 0,
    outBytes: asked['bytesOut'] ?? 0,
  };
}
