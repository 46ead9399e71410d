import type { ActionOf, DraftOf, PlanDraft, RebalanceData, RebalancePlan } from '../../../runs/index.ts';
import type { RebalanceFacts } from '../facts/types.ts';
import { dropsRows } from './units.ts';
import { bytesInWords, counted, timeInWords } from '../facts/words.ts';

/** What the platform file and the input say of how the moves are made. */
export type RebalanceTerms = {
  window: number;
  pauseMs: number;
  /** How ingest is held back, in words. */
  fence: string;
  retainMs: number;
  /** Beside what the planner says. */
  warnings: readonly string[];
};

/**
 * A plan of moves in words. Sizes and times move by themselves, so they are facts and the picture; what is hashed is which
 * partition goes where, with how many rows.
 */
export function rebalanceDraft(
  facts: RebalanceFacts,
  moves: RebalanceData['moves'],
  terms: RebalanceTerms,
  plan?: RebalancePlan,
): DraftOf<'clickhouse.rebalance', RebalanceData> {
  const { cluster } = facts;
  const table = `${facts.table.database}.${facts.table.name}`;
  const { window, pauseMs, fence, retainMs } = terms;
  const reverse = moves.filter(({ undo }) => undo === 'reverse-move');
  return {
    title: moves.length
      ? `Move ${counted(moves.length, 'partition')} of ${table} between the shards of ${cluster}`
      : `Nothing to do: ${table} on ${cluster} is within its limits`,
    actions: moves.length
      ? [
          {
            step: 'clickhouse.check-health' as const,
            what: 'look at the health of the cluster before each move: it waits while a server is not well',
            reversible: true,
          },
          ...flows(facts, moves, fence),
          {
            step: 'clickhouse.prove-balance',
            what: 'prove: every partition has its rows, the shards are within their limits',
            reversible: true,
          },
        ]
      : [],
    facts: plan ? factsOf(plan, terms) : [],
    warnings: [
      ...terms.warnings,
      ...(plan && !plan.balanced ? ['Some shards stay outside their limits: see what stays, and why'] : []),
      ...(facts.table.family === 'plain' || !moves.length
        ? []
        : [`${facts.table.engine} merges rows: numbers of rows may fall while nothing is lost`]),
    ],
    irreversible: [
      ...(moves.length
        ? [`The source keeps what it gave away for ${timeInWords(retainMs)}; after that going back is a reverse move.`]
        : []),
      ...reverse.map(
        ({ partition, to }) =>
          `${partition}: ${to} has rows of it already, so that the attach is its point of no return; going back is a reverse move`,
      ),
    ],
    voidIf: moves.length
      ? [
          'a partition of the plan takes a row, is flagged, or is moved by somebody else',
          'a target loses the room for what is to come',
          'a changed platform file gives another plan',
        ]
      : [],
    ...(plan ? { picture: { kind: 'rebalance' as const, plan } } : {}),
    data: { cluster, table, moves, keepsRows: facts.table.family === 'plain', window, pauseMs },
  };
}

/** One action for each flow of a wave, naming every partition: what is approved is exactly these. */
function flows(
  facts: RebalanceFacts,
  moves: RebalanceData['moves'],
  fence: string,
): ActionOf<'clickhouse.rebalance'>[] {
  const groups = new Map<string, RebalanceData['moves'][number][]>();
  for (const move of moves) {
    const key = `${move.wave}\n${move.from}\n${move.to}`;
    groups.set(key, [...(groups.get(key) ?? []), move]);
  }
  const waves = new Set(moves.map(({ wave }) => wave)).size;
  return [...groups.values()].map((group): ActionOf<'clickhouse.rebalance'> => {
    const [first] = group;
    const names = group.map(({ partition }) => partition).join(', ');
    const wave = waves > 1 ? `wave ${first?.wave ?? 1}: ` : '';
    return {
      step: 'clickhouse.move',
      what: `${wave}${first?.from ?? ''} → ${first?.to ?? ''}: ${names} (ingest ${fence})`,
      reversible: group.every(({ undo }) => undo === 'drop') && !dropsRows(facts),
    };
  });
}

function factsOf(plan: RebalancePlan, { window, pauseMs }: RebalanceTerms): PlanDraft<RebalanceData>['facts'] {
  return [
    ...plan.summary.map((value) => ({ label: 'plan', value })),
    ...plan.shares.map(({ shard, tier, beforeBytes, afterBytes, shareBytes }) => ({
      label: `${shard} ${tier}`,
      value: `${bytesInWords(beforeBytes)} → ${bytesInWords(afterBytes)}, its share is ${bytesInWords(shareBytes)}`,
    })),
    ...plan.left
      .filter(({ reason }) => reason !== 'not-needed')
      .map(({ shard, tier, why, bytes }) => ({
        label: `stays on ${shard} ${tier}`,
        value: `${why} (${bytesInWords(bytes)})`,
      })),
    ...(plan.moves.length ? [{ label: 'at once', value: `${window}, ${pauseMs} ms between two starts` }] : []),
  ];
}
