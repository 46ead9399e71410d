import type { ClickHouseMoveInput } from '../../../runs/index.ts';
import { seen } from '../partition/findings.ts';
import type { MoveFacts, MoveIntent, MoveServerFacts } from '../partition/types.ts';
import { planMove } from '../partition/plan-move.ts';
import type { MovedBefore, WayBackPlanning } from './types.ts';

/**
 * The undo as a move in the other direction: everything that the shard has of the partition goes, also what was never
 * moved there. What forbids a move forbids it; why it is none by the detached parts is then said as well.
 */
export function reverseMove(
  intent: MoveIntent,
  facts: MoveFacts,
  back: ClickHouseMoveInput,
  { reasons, moved }: { reasons: readonly string[]; moved: MovedBefore },
): WayBackPlanning {
  const { partition, table, from, to } = back;
  const planned = planMove(intent, facts, back);
  if (!planned.ok) {
    const why = reasons.map((message) => ({ code: 'CLICKHOUSE_UNDO_UNSAFE' as const, message }));
    return { ok: false, findings: [...planned.findings, ...why] };
  }
  const { draft } = planned;
  const rows = rowsOf(facts.source);
  const others = rows - moved.digest.rows;
  const there = rowsOf(facts.target);
  const kept = seen(facts.target).some(({ reading }) => reading.detached);
  return {
    ok: true,
    draft: {
      title: `take the move of partition ${partition} of ${table} from shard ${to} to shard ${from} back by a move in the other direction`,
      actions: [
        {
          step: 'clickhouse.move',
          what: `move all of ${partition} from shard ${from} to shard ${to}, what was never moved there too: copied, proven row by row, cut over in one go`,
          reversible: false,
        },
      ],
      facts: [
        ...reasons.map((value) => ({ label: `why not by what shard ${to} kept`, value })),
        ...draft.facts,
        ...(others > 0 ? [{ label: 'of them beyond what was moved', value: String(others) }] : []),
        { label: `rows on shard ${to} afterwards`, value: String(rows + there) },
      ],
      warnings: [
        ...draft.warnings,
        ...(kept ? [`attached by hand afterwards, what shard ${to} has in \`detached\` would double its rows`] : []),
      ],
      irreversible: draft.irreversible,
      voidIf: [...draft.voidIf, `shard ${from} gets or loses a row of ${partition}`],
      data: { way: 'reverse-move', rows, move: back },
    },
  };
}

function rowsOf(servers: readonly MoveServerFacts[]): number {
  return Math.max(0, ...seen(servers).map(({ reading }) => reading.rows));
}
