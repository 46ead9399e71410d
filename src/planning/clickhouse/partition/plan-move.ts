import type { ActionOf, ClickHouseMoveInput, DraftOf, PlannedStep } from '../../../runs/index.ts';
import { copyRate, uncappedWarnings } from '../facts/fetch-rate.ts';
import { mergesRows, moveFindings, seen } from './findings.ts';
import type { ClickHouseMoveData, MoveFacts, MoveIntent, MoveServerFacts, MoveSide } from './types.ts';
import type { Finding } from '../facts/types.ts';
import { bytesInWords } from '../facts/words.ts';

export type MovePlanning =
  { ok: true; draft: DraftOf<'clickhouse.move', ClickHouseMoveData> } | { ok: false; findings: readonly Finding[] };

/** What a copy transfers on an ordinary network; only for people. */
const usualBytesPerSecond = 100e6;

/**
 * Plans the move of one partition from one shard to another. Pure: the same facts give the same plan, and what moves by
 * itself (bytes, rows, queues) is no part of what is hashed.
 */
export function planMove(intent: MoveIntent, facts: MoveFacts, input: ClickHouseMoveInput): MovePlanning {
  const findings = moveFindings(intent, facts, input);
  const [source, target] = [sideOf(input.from, facts.source), sideOf(input.to, facts.target)];
  if (findings.length > 0 || !source || !target) return { ok: false, findings };
  const { cluster, table, partition } = input;
  const dot = table.indexOf('.');
  const engine = seen(facts.source)[0]?.reading.engine ?? '';
  const ownRows = Math.max(...seen(facts.target).map(({ reading }) => reading.rows));
  const detachedBefore = seen(facts.source).some(({ reading }) => reading.detached);
  const data: ClickHouseMoveData = {
    ...{ cluster, table, partition, source, target, ...(input.back ? { back: input.back } : {}) },
    name: { database: table.slice(0, dot), table: table.slice(dot + 1) },
    final: mergesRows(engine),
    wayBack: ownRows === 0 && !detachedBefore ? 'undo-move' : 'reverse-move',
    ...(intent.fence.kind === 'quiet' ? {} : { fenced: true }),
    ...(detachedBefore ? { detachedBefore } : {}),
  };
  return {
    ok: true,
    draft: {
      title: `move partition ${partition} of ${table} from shard ${source.shard} to shard ${target.shard}`,
      actions: actionsOf(intent, data),
      facts: factsOf(intent, facts, ownRows),
      warnings: warningsOf(intent, facts, data),
      irreversible: [irreversible(data, ownRows)],
      voidIf: [
        `a server of shard ${source.shard} or ${target.shard} is not healthy, or has another structure`,
        `the source gets rows of ${partition} in every one of three rounds`,
        'a mutation or another ALTER of the table comes to either shard in the middle of the cutover',
      ],
      data,
    },
  };
}

/** DETACH is carried out by the leader, so that is where it is sent; the target's first replica is as good as any. */
function sideOf(shard: number, servers: readonly MoveServerFacts[]): MoveSide | undefined {
  const all = seen(servers);
  const pinned = all.find(({ reading }) => reading.leader) ?? all[0];
  if (!pinned) return undefined;
  const others = all.filter((one) => one !== pinned).map(({ name }) => name);
  return { shard, server: pinned.name, others, zookeeperPath: pinned.reading.zookeeperPath };
}

function irreversible({ wayBack, partition, source, target }: ClickHouseMoveData, ownRows: number): string {
  const from = 'the cutover is the point of no return of this run';
  if (wayBack === 'undo-move') {
    return `${from}; afterwards \`gantry clickhouse undo-move\` takes it back for as long as shard ${target.shard} gets no other rows of ${partition}`;
  }
  const why =
    ownRows > 0
      ? `shard ${target.shard} has rows of ${partition} of its own`
      : `shard ${source.shard} has parts of ${partition} in \`detached\` from before`;
  return `${from}: ${why}, which can't be told apart afterwards; going back is a move of the whole partition`;
}

function factsOf(intent: MoveIntent, facts: MoveFacts, ownRows: number): { label: string; value: string }[] {
  const readings = seen(facts.source).map(({ reading }) => reading);
  const most = (of: (reading: (typeof readings)[number]) => number): number => Math.max(...readings.map(of));
  const bytes = most((reading) => reading.bytes);
  const rate = copyRate(usualBytesPerSecond, intent.maxFetchBytesPerSecond, uncapped(facts));
  return [
    { label: 'rows', value: String(most((reading) => reading.rows)) },
    { label: 'bytes', value: String(bytes) },
    { label: 'parts', value: String(most((reading) => reading.parts)) },
    { label: `copying, at ${bytesInWords(rate)}/s`, value: `${Math.ceil(bytes / rate)} s` },
    { label: 'rows that the target has of it', value: String(ownRows) },
    ...seen(facts.target).map(({ name, reading }) => ({
      label: `free on ${name}`,
      value: reading.freeBytes === undefined ? 'unknown: the server cannot say' : `${reading.freeBytes} bytes`,
    })),
  ];
}

function warningsOf(
  intent: MoveIntent,
  facts: MoveFacts,
  { partition, detachedBefore, source }: ClickHouseMoveData,
): string[] {
  return [
    ...(intent.fence.kind === 'quiet'
      ? [
          'the writers are not held back: rows that arrive during the cutover are found afterwards and made visible again',
        ]
      : []),
    ...uncappedWarnings(intent.maxFetchBytesPerSecond, uncapped(facts)),
    ...seen(facts.target)
      .filter(({ reading }) => reading.detached)
      .map(({ name }) => `${name} has parts of ${partition} in \`detached\` from before; they are not touched`),
    ...(detachedBefore
      ? [
          `shard ${source.shard} has parts of ${partition} in \`detached\` from before: they are not touched, and an operator must attach rows that come late`,
        ]
      : []),
  ];
}

/** Servers that fetch, and can't cap what that takes. */
function uncapped(facts: MoveFacts): string[] {
  return seen(facts.target).flatMap(({ name, reading }) => (reading.capsFetches ? [] : [name]));
}

/** In the order of the steps of the workflow. */
function actionsOf(
  intent: MoveIntent,
  { source, target, partition, name }: ClickHouseMoveData,
): ActionOf<'clickhouse.move'>[] {
  const sources = [source.server, ...source.others].join(' and ');
  const targets = [target.server, ...target.others].join(' and ');
  const can = (step: PlannedStep<'clickhouse.move'>, what: string): ActionOf<'clickhouse.move'> => ({
    step,
    what,
    reversible: true,
  });
  const final = (step: PlannedStep<'clickhouse.move'>, what: string): ActionOf<'clickhouse.move'> => ({
    step,
    what,
    reversible: false,
  });
  const held = intent.fence.kind !== 'quiet';
  return [
    can('clickhouse.take-manifest', `digest ${partition} on ${sources}, row by row; they must agree`),
    can('clickhouse.make-staging', `make an empty table beside ${name.table} on ${targets}, merges stopped`),
    can('clickhouse.copy', `fetch the parts into it on ${target.server}`),
    can('clickhouse.verify-copy', `digest the copy on ${targets}: the same as the source`),
    can('clickhouse.recheck-source', `look at the source again; if rows came, start over, three times at most`),
    can('clickhouse.stop-merges', `stop the merges of ${name.table} on ${sources} and ${targets}`),
    can('clickhouse.read-target', `digest what ${targets} have of ${partition} already`),
    can('clickhouse.hold-ingest', held ? `hold the writers of ${partition} back` : 'see that it has been quiet'),
    final(
      'clickhouse.cut-over',
      `attach the copy on ${target.server}, see it on ${targets}, detach ${partition} on ${source.server}: in one go`,
    ),
    final('clickhouse.find-late-rows', `see what the detach took beyond the copy`),
    final('clickhouse.bring-back', 'bring each part of that back on the source, if there is any'),
    final('clickhouse.open-ingest', held ? 'let the writers go on' : 'nobody is held back'),
    final('clickhouse.start-merges', 'start the merges again'),
    final('clickhouse.prove-move', `digest ${partition} on ${targets}: its own rows and the moved ones, no other`),
    final(
      'clickhouse.drop-staging',
      `drop the staging table; ${sources} keep what they detached, for ${hours(intent.retainMs)}`,
    ),
  ];
}

function hours(ms: number): string {
  return `${Math.round(ms / 3_600_000)} h`;
}
