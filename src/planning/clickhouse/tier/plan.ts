import type { ActionOf, DraftOf } from '../../../runs/index.ts';
import { compareRollup, differenceInWords } from './rollup-proof.ts';
import { alignActions, policyFindings, tierAligns } from './align.ts';
import { misplacedOn, partitionStateOf } from './due.ts';
import { tierFacts, tierWarnings } from './words.ts';
import { tierUnit } from './span.ts';
import type {
  TierAlign,
  TierData,
  TierExpiry,
  TierFacts,
  TierIntent,
  TierLeft,
  TierMove,
  TierPartition,
  TierServer,
} from './types.ts';
import type { Finding } from '../facts/types.ts';
import { bytesInWords, counted } from '../facts/words.ts';

export type TierPlanning =
  { ok: true; draft: DraftOf<'clickhouse.tier', TierData> } | { ok: false; findings: readonly Finding[] };

/**
 * Facts → what is wrong with the table's own declaration, which partitions go to which volume, which are expired, and which
 * are left and why. Deterministic, oldest first, bounded. It expires nothing whose time isn't over, whose roll-up it has no
 * equal reading of, of which no backup is known. Pure. Runbook: docs/clickhouse/tier.md.
 */
export function planTier(intent: TierIntent, facts: TierFacts): TierPlanning {
  const findings = tableFindings(intent, facts);
  if (findings.length > 0) return { ok: false, findings };
  const aligns = tierAligns(intent, facts);
  const chosen: Chosen = { aligns, moves: [], expiries: [], left: [] };
  // What there is to move is known when the table has its policy: the next run's work.
  if (aligns.some(({ policy }) => policy)) return { ok: true, draft: draftOf(intent, facts, chosen) };
  const room = new Room(intent, facts.servers);
  for (const partition of [...facts.partitions].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const stands = partitionStateOf(intent, facts, partition);
    if (stands.state === 'left') chosen.left.push(stands.left);
    if (stands.state === 'due') expire(intent, partition, chosen);
    if (stands.state === 'misplaced') move({ intent, facts, partition, room, chosen });
  }
  return { ok: true, draft: draftOf(intent, facts, chosen) };
}

type Chosen = { aligns: TierAlign[]; moves: TierMove[]; expiries: (TierExpiry & { rows: string })[]; left: TierLeft[] };

/** What makes a plan for the whole table impossible. */
function tableFindings(intent: TierIntent, { servers }: TierFacts): Finding[] {
  return servers.flatMap((server): Finding[] => {
    const { name, partitionKey, storage } = server;
    if (!tierUnit(partitionKey)) {
      const message = `${intent.table} is partitioned by ${partitionKey || 'nothing'} on ${name}`;
      return [{ code: 'CLICKHOUSE_PARTITIONING_UNSUPPORTED', message, place: name }];
    }
    const policy = policyFindings(intent, server);
    if (policy.length > 0) return policy;
    const volumes = storage?.wanted?.volumes ?? storage?.volumes;
    if (!storage || volumes?.some(({ name: volume }) => volume === intent.volume)) return [];
    const known = (volumes ?? []).map(({ name: volume }) => volume).join(', ');
    const message = `the policy ${storage.wanted?.policy ?? storage.policy} of ${intent.table} on ${name} has no volume ${intent.volume} for the tier ${intent.tier}; it has ${known}`;
    return [{ code: 'CLICKHOUSE_NO_VOLUME', message, place: name }];
  });
}

function expire(intent: TierIntent, { id, rollup, backup }: TierPartition, { expiries, left }: Chosen): void {
  const refused = (why: string, code?: TierLeft['code']): void =>
    void left.push({ partition: id, why, overdue: true, ...(code ? { code } : {}) });
  if (expiries.length >= intent.maxExpiries || !rollup)
    return refused('one of the next runs looks at it: this one has enough to do');
  const verdict = intent.next === undefined ? undefined : compareRollup(rollup);
  if (verdict && !verdict.equal) {
    const words = verdict.differences.slice(0, 3).map((one) => differenceInWords(one, intent.next ?? ''));
    const more = verdict.differences.length - words.length;
    const said =
      words.length > 0 ? `${words.join('; ')}${more > 0 ? `; and ${more} more` : ''}` : 'nothing was read of it';
    return refused(said, 'CLICKHOUSE_ROLLUP_DIFFERS');
  }
  if (intent.noBackup === undefined && backup?.known !== true) {
    return refused(`no backup: ${backup?.evidence ?? 'it was not asked for'}`, 'CLICKHOUSE_NOT_BACKED_UP');
  }
  const { cluster, table } = intent;
  expiries.push({ cluster, table, partition: id, rows: verdict?.rows ?? '' });
}

type Placing = { intent: TierIntent; facts: TierFacts; partition: TierPartition; room: Room; chosen: Chosen };

function move({ intent, facts, partition, room, chosen }: Placing): void {
  const { cluster, table, volume } = intent;
  const { id, copies, digests = {} } = partition;
  for (const server of misplacedOn(intent, facts, partition)) {
    const left = (why: string, code?: TierLeft['code']): void =>
      void chosen.left.push({ partition: id, server: server.name, why, overdue: false, ...(code ? { code } : {}) });
    const digest = digests[server.name];
    const bytesOn = copies.find((copy) => copy.server === server.name)?.bytesOn ?? {};
    if (chosen.moves.length >= intent.maxMoves || !digest) {
      left('one of the next runs moves it: this one has enough to do');
      continue;
    }
    const lack = room.take(server, bytesOn);
    if (lack !== undefined) left(lack, 'CLICKHOUSE_VOLUME_FULL');
    else
      chosen.moves.push({
        cluster,
        table,
        server: server.name,
        partition: id,
        volume,
        from: volumesOf(server, bytesOn, volume),
        digest,
      });
  }
}

function volumesOf({ storage }: TierServer, bytesOn: Readonly<Record<string, number>>, wanted: string): string[] {
  const on = (storage?.volumes ?? []).filter(({ disks }) => disks.some((disk) => bytesOn[disk] !== undefined));
  return on.map(({ name }) => name).filter((name) => name !== wanted);
}

/** What the tier's volume still takes, server by server. */
class Room {
  private readonly intent: TierIntent;
  private readonly left = new Map<string, number>();
  constructor(intent: TierIntent, servers: readonly TierServer[]) {
    this.intent = intent;
    for (const { name, storage } of servers) {
      const disks = storage?.volumes.find((one) => one.name === intent.volume)?.disks ?? [];
      const those = storage?.disks.filter((disk) => disks.includes(disk.name)) ?? [];
      const free = those.reduce((sum, { freeBytes, totalBytes }) => sum + freeBytes - totalBytes * intent.reserve, 0);
      this.left.set(name, free);
    }
  }
  /** Answers what is missing, or takes the room. */
  take({ name, storage }: TierServer, bytesOn: Readonly<Record<string, number>>): string | undefined {
    const { volume } = this.intent;
    const disks = storage?.volumes.find((one) => one.name === volume)?.disks ?? [];
    const bytes = Object.entries(bytesOn).reduce((sum, [disk, held]) => sum + (disks.includes(disk) ? 0 : held), 0);
    const left = this.left.get(name) ?? 0;
    if (bytes > left) {
      return `${volume} of ${name} takes ${bytesInWords(Math.max(left, 0))} more beside its reserve, and it has ${bytesInWords(bytes)}`;
    }
    this.left.set(name, left - bytes);
    return undefined;
  }
}

function draftOf(
  intent: TierIntent,
  facts: TierFacts,
  { aligns, moves, expiries, left }: Chosen,
): DraftOf<'clickhouse.tier', TierData> {
  const { cluster, table } = intent;
  const idle = aligns.length + moves.length + expiries.length === 0;
  const overdue = left.flatMap((one) => (one.overdue && one.code ? [{ ...one, code: one.code }] : []));
  const doing = [
    ...(aligns.length > 0 ? [`align its declaration on ${counted(aligns.length, 'server')}`] : []),
    ...(moves.length > 0
      ? [`move ${counted(moves.length, 'copy').replace('copys', 'copies')} of partitions to ${intent.volume}`]
      : []),
    ...(expiries.length > 0 ? [`expire ${counted(expiries.length, 'partition')}`] : []),
  ].join(', ');
  const held = overdue.length > 0 ? `; ${overdue.length} overdue and refused` : '';
  const actions: ActionOf<'clickhouse.tier'>[] = [
    ...alignActions(aligns),
    ...moves.map((one) => ({
      step: 'clickhouse.move-to-volume' as const,
      what: `Move ${one.partition} on ${one.server} from ${one.from.join(', ')} to ${one.volume}`,
      reversible: true,
    })),
    ...expiries.flatMap(({ partition, rows }) => [
      {
        step: 'clickhouse.prove-rollup' as const,
        what: `Prove again that what replaces ${partition} is complete`,
        reversible: true,
      },
      {
        step: 'clickhouse.expire-partition' as const,
        what: `Expire ${partition}${rows ? `, ${rows} samples that ${intent.next ?? ''} adds up to` : ''}`,
        reversible: false,
      },
    ]),
  ];
  return {
    title: idle ? `Nothing to do for ${table}${held}` : `${table}: ${doing}${held}`,
    actions,
    facts: tierFacts(intent, facts),
    warnings: tierWarnings(intent, facts, left),
    irreversible: [
      ...aligns.flatMap(({ server, policy }) =>
        policy
          ? [`${server} takes no policy back that lacks a volume: ${policy.to} has all that ${policy.from} has.`]
          : [],
      ),
      ...expiries.map(({ partition }) => `${partition} of ${table} is dropped on every replica.`),
    ],
    voidIf: [
      'a partition of the plan is written to or goes away',
      'a roll-up changes',
      'a changed platform file gives another plan',
    ],
    data: {
      ...{ cluster, table, idle, aligns, moves, overdue },
      expiries: expiries.map(({ partition }) => ({ cluster, table, partition })),
    },
  };
}
