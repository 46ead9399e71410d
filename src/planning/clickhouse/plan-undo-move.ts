import type { ClickHouseUndoMoveInput, PlanDraft } from '../../runs/index.ts';
import { moveFindings, seen } from './move-findings.ts';
import type { ClickHouseMoveData, MoveFacts, MoveIntent, MoveSide } from './move-types.ts';
import type { MovePlanning } from './plan-move.ts';
import type { Finding } from './types.ts';

/** What the report of the move says. */
export type MovedBefore = {
  source: MoveSide;
  target: MoveSide;
  final: boolean;
  wayBack: 'undo-move' | 'reverse-move';
  digest: { rows: number };
};

/**
 * Plans the way back: the same cutover with the sides exchanged. `facts` are of the move's own sides: its source is the
 * shard that gets the partition back.
 */
export function planUndoMove(
  intent: MoveIntent,
  facts: MoveFacts,
  input: ClickHouseUndoMoveInput,
  moved: MovedBefore,
): MovePlanning {
  const { cluster, table, partition } = input;
  const findings = undoFindings(intent, facts, input, moved);
  if (findings.length > 0) return { ok: false, findings };
  const dot = table.indexOf('.');
  const data: ClickHouseMoveData = {
    ...{ cluster, table, partition, source: moved.target, target: moved.source, final: moved.final },
    name: { database: table.slice(0, dot), table: table.slice(dot + 1) },
    wayBack: 'reverse-move',
  };
  return { ok: true, draft: draftOf(intent, data, moved) };
}

/** The general health of both shards, and whether going back is safe. */
function undoFindings(
  intent: MoveIntent,
  facts: MoveFacts,
  { cluster, table, partition }: ClickHouseUndoMoveInput,
  { source, target, wayBack, digest }: MovedBefore,
): Finding[] {
  const reversed = { nowMs: facts.nowMs, source: facts.target, target: facts.source };
  // What is detached where the partition lies now, and how long it has been quiet, are no matter for going back.
  const general: Finding['code'][] = ['CLICKHOUSE_PARTITION_OPEN', 'CLICKHOUSE_ALREADY_DETACHED', 'CLICKHOUSE_NO_ROOM'];
  const back = { cluster, table, partition, from: target.shard, to: source.shard };
  const findings = moveFindings(intent, reversed, back).filter(({ code }) => !general.includes(code));
  const add = (message: string): void => void findings.push({ code: 'CLICKHOUSE_UNDO_UNSAFE', message });
  const reverse = `move it from shard ${target.shard} to shard ${source.shard} instead`;
  if (wayBack === 'reverse-move') {
    add(`shard ${target.shard} had rows of ${partition} of its own before the move: ${reverse}`);
  }
  for (const { name, reading } of seen(facts.target)) {
    if (reading.rows === digest.rows) continue;
    add(`${name} has ${reading.rows} rows of ${partition}, and ${digest.rows} were moved there: ${reverse}`);
  }
  const pinned = seen(facts.source).find(({ name }) => name === source.server);
  if (pinned && !pinned.reading.detached) add(`${source.server} has not kept its parts of ${partition}: ${reverse}`);
  return findings;
}

function draftOf(intent: MoveIntent, data: ClickHouseMoveData, moved: MovedBefore): PlanDraft<ClickHouseMoveData> {
  const { partition, source, target, table } = data;
  const sources = [source.server, ...source.others].join(' and ');
  const targets = [target.server, ...target.others].join(' and ');
  const held = intent.fence.kind !== 'quiet';
  const can = (step: string, what: string) => ({ step, what, reversible: true });
  const final = (step: string, what: string) => ({ step, what, reversible: false });
  return {
    title: `take the move of partition ${partition} of ${table} from shard ${target.shard} to shard ${source.shard} back`,
    actions: [
      can(
        'clickhouse.take-manifest',
        `digest ${partition} on ${sources}: exactly what was moved there, or nothing is done`,
      ),
      can('clickhouse.stop-merges', `stop the merges of the table on ${sources} and ${targets}`),
      can('clickhouse.look-at-target', `see what ${targets} have of ${partition}: rows that came late`),
      can('clickhouse.hold-ingest', held ? `hold the writers of ${partition} back` : 'see that it has been quiet'),
      can('clickhouse.look-again', `take a last look at ${sources}`),
      final(
        'clickhouse.cut-over',
        `attach what ${target.server} kept, see it on ${targets}, detach ${partition} on ${source.server}: in one go`,
      ),
      final('clickhouse.find-late-rows', 'see what the detach took beyond that, and bring it back'),
      final('clickhouse.open-ingest', held ? 'let the writers go on' : 'nobody is held back'),
      final('clickhouse.start-merges', 'start the merges again'),
      final('clickhouse.prove-move', `digest ${partition} on ${targets}: what was moved and what came late, no other`),
    ],
    facts: [{ label: 'rows', value: String(moved.digest.rows) }],
    warnings: [
      `totals count ${partition} twice until ${target.others.join(' and ') || 'every server'} has fetched it: longer than a move does`,
    ],
    irreversible: ['the cutover is the point of no return; afterwards the partition can be moved again'],
    voidIf: [`shard ${source.shard} gets another row of ${partition}`, 'a server of either shard is not healthy'],
    data,
  };
}
