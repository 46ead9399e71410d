import type { ClickHouseMoveInput, ClickHouseUndoMoveInput, DraftOf, PlannedStep } from '../../../runs/index.ts';
import { moveFindings, seen } from '../partition/findings.ts';
import type { ClickHouseMoveData, MoveFacts, MoveIntent } from '../partition/types.ts';
import { reverseMove } from './reverse-move.ts';
import type { Finding } from '../facts/types.ts';
import type { MovedBefore, WayBack, WayBackPlanning } from './types.ts';

/**
 * Plans the undo, and decides which of the two it is. `facts` are of the undo: their source is the shard that has the
 * partition now, their target the one that it came from.
 */
export function planUndoMove(
  intent: MoveIntent,
  facts: MoveFacts,
  input: ClickHouseUndoMoveInput,
  moved: MovedBefore,
): WayBackPlanning {
  const { cluster, table, partition } = input;
  const back: ClickHouseMoveInput = {
    ...{ cluster, table, partition, from: moved.target.shard, to: moved.source.shard },
    back: moved.blocks ? { moved: moved.blocks } : {},
  };
  const gone = goneFindings(intent, facts, back);
  if (gone.length > 0) return { ok: false, findings: gone };
  const reasons = reasonsForReverse(facts, input, moved);
  if (reasons.length > 0) return reverseMove(intent, facts, back, { reasons, moved });
  // What is detached where the partition lies now, and how long it has been quiet, are no matter for attaching what was kept.
  const general: Finding['code'][] = ['CLICKHOUSE_PARTITION_OPEN', 'CLICKHOUSE_NO_ROOM'];
  const findings = moveFindings(intent, facts, back).filter(({ code }) => !general.includes(code));
  if (findings.length > 0) return { ok: false, findings };
  const dot = table.indexOf('.');
  const data: ClickHouseMoveData = {
    ...{ cluster, table, partition, source: moved.target, target: moved.source, final: moved.final },
    name: { database: table.slice(0, dot), table: table.slice(dot + 1) },
    wayBack: 'reverse-move',
    ...(intent.fence.kind === 'quiet' ? {} : { fenced: true }),
  };
  return { ok: true, draft: draftOf(intent, data, moved) };
}

/** Where neither way is one. */
function goneFindings(
  intent: MoveIntent,
  facts: MoveFacts,
  { table, partition, from }: ClickHouseMoveInput,
): Finding[] {
  if (intent.keys) {
    const message = `the rows of ${table} belong to the shard that their key says: a whole partition of it cannot be moved back`;
    return [{ code: 'CLICKHOUSE_KEY_SHARDED', message, place: table }];
  }
  const there = seen(facts.source);
  if (there.length < facts.source.length || there.some(({ reading }) => reading.rows > 0)) return [];
  const message = `shard ${from} has no row of ${partition}: it was already moved back, or to another shard`;
  return [{ code: 'CLICKHOUSE_PARTITION_UNKNOWN', message }];
}

/** Why what the source kept must not be attached, every reason; none: it may. */
function reasonsForReverse(
  facts: MoveFacts,
  { partition, reverse }: ClickHouseUndoMoveInput,
  { source, target, wayBack, digest }: MovedBefore,
): string[] {
  const pinned = seen(facts.target).find(({ name }) => name === source.server);
  const differing = new Set(seen(facts.source).map(({ reading }) => reading.rows)).size > 1;
  const rows = Math.max(0, ...seen(facts.source).map((server) => server.reading.rows));
  return [
    ...(reverse ? ['it was asked for'] : []),
    ...(wayBack === 'reverse-move'
      ? [
          `what was moved and what was there before can't be told apart: rows of ${partition} on shard ${target.shard}, or detached parts`,
        ]
      : []),
    // Replicas that differ forbid either way, and are no reason for one of them.
    ...(!differing && rows !== digest.rows
      ? [`shard ${target.shard} has ${rows} rows of ${partition}, and ${digest.rows} were moved there`]
      : []),
    ...(pinned && !pinned.reading.detached ? [`${source.server} has not kept its parts of ${partition}`] : []),
  ];
}

function draftOf(
  intent: MoveIntent,
  data: ClickHouseMoveData,
  moved: MovedBefore,
): DraftOf<'clickhouse.undo-move', WayBack> {
  const { partition, source, target, table } = data;
  const sources = [source.server, ...source.others].join(' and ');
  const targets = [target.server, ...target.others].join(' and ');
  const held = intent.fence.kind !== 'quiet';
  const can = (step: PlannedStep<'clickhouse.undo-move'>, what: string) => ({ step, what, reversible: true });
  const final = (step: PlannedStep<'clickhouse.undo-move'>, what: string) => ({ step, what, reversible: false });
  return {
    title: `take the move of partition ${partition} of ${table} from shard ${target.shard} to shard ${source.shard} back: ${target.server} attaches what it kept`,
    actions: [
      can(
        'clickhouse.take-manifest',
        `digest ${partition} on ${sources}: exactly what was moved there, or nothing is done`,
      ),
      can('clickhouse.stop-merges', `stop the merges of the table on ${sources} and ${targets}`),
      can('clickhouse.read-target', `see what ${targets} have of ${partition}: rows that came late`),
      can('clickhouse.hold-ingest', held ? `hold the writers of ${partition} back` : 'see that it has been quiet'),
      can('clickhouse.recheck-source', `take a last look at ${sources}`),
      final(
        'clickhouse.cut-over',
        `attach what ${target.server} kept, see it on ${targets}, detach ${partition} on ${source.server}: in one go`,
      ),
      final('clickhouse.find-late-rows', 'see what the detach took beyond that'),
      final('clickhouse.bring-back', 'bring each part of that back, if there is any'),
      final('clickhouse.open-ingest', held ? 'let the writers go on' : 'nobody is held back'),
      final('clickhouse.start-merges', 'start the merges again'),
      final('clickhouse.prove-move', `digest ${partition} on ${targets}: what was moved and what came late, no other`),
    ],
    facts: [{ label: 'rows', value: String(moved.digest.rows) }],
    warnings: [
      `totals count ${partition} twice until ${target.others.join(' and ') || 'every server'} has fetched it: longer than a move does; \`--reverse\` makes a move of it`,
    ],
    irreversible: ['the cutover is the point of no return; afterwards the partition can be moved again'],
    voidIf: [`shard ${source.shard} gets another row of ${partition}`, 'a server of either shard is not healthy'],
    data: { ...data, way: 'detached' },
  };
}
