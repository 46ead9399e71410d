import type { ClickHouseMoveInput, PlanDraft, PlannedAction } from '../../runs/index.ts';
import { copyRate, uncappedWarnings } from './fetch-rate.ts';
import { mergesRows, moveFindings, seen } from './move-findings.ts';
import type { ClickHouseMoveData, MoveFacts, MoveIntent, MoveServerFacts, MoveSide } from './move-types.ts';
import type { Finding } from './types.ts';
import { bytesInWords } from './words.ts';

export type MovePlanning =
  { ok: true; draft: PlanDraft<ClickHouseMoveData> } | { ok: false; findings: readonly Finding[] };

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
      value: reading.freeBytes === undefined ? 'unknown: the server can not say' : `${reading.freeBytes} bytes`,
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
          'nobody holds the writers back: rows that arrive during the cutover are found afterwards and brought back into sight',
        ]
      : []),
    ...uncappedWarnings(intent.maxFetchBytesPerSecond, uncapped(facts)),
    ...seen(facts.target)
      .filter(({ reading }) => reading.detached)
      .map(({ name }) => `${name} has parts of ${partition} in \`detached\` from before; they are not touched`),
    ...(detachedBefore
      ? [
          `shard ${source.shard} has parts of ${partition} in \`detached\` from before: they are not touched, and rows that come late are left to a person`,
        ]
      : []),
  ];
}

/** Servers that fetch, and can't cap what that takes. */
function uncapped(facts: MoveFacts): string[] {
  return seen(facts.target).flatMap(({ name, reading }) => (reading.capsFetches ? [] : [name]));
}

/** In the order of the steps of the workflow. */
function actionsOf(intent: MoveIntent, { source, target, partition, name }: ClickHouseMoveData): PlannedAction[] {
  const sources = [source.server, ...source.others].join(' and ');
  const targets = [target.server, ...target.others].join(' and ');
  const can = (step: string, what: string): PlannedAction => ({ step, what, reversible: true });
  const final = (step: string, what: string): PlannedAction => ({ step, what, reversible: false });
  const held = intent.fence.kind !== 'quiet';
  return [
    can('clickhouse.take-manifest', `digest ${partition} on ${sources}, row by row; they must agree`),
    can('clickhouse.make-staging', `make an empty table beside ${name.table} on ${targets}, merges stopped`),
    can('clickhouse.copy', `fetch the parts into it on ${target.server}`),
    can('clickhouse.verify-copy', `digest the copy on ${targets}: the same as the source`),
    can('clickhouse.look-again', `look at the source again; if rows came, start over, three times at most`),
    can('clickhouse.stop-merges', `stop the merges of ${name.table} on ${sources} and ${targets}`),
    can('clickhouse.hold-ingest', held ? `hold the writers of ${partition} back` : 'see that it has been quiet'),
    final(
      'clickhouse.cut-over',
      `attach the copy on ${target.server}, see it on ${targets}, detach ${partition} on ${source.server}: in one go`,
    ),
    final('clickhouse.find-late-rows', `see what the detach took beyond the copy, and bring it back on the source`),
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
