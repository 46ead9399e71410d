import { monotonicMs, pause } from '../clock.ts';
import type { ClickHouseAddress } from '../clickhouse/client.ts';
import type { BlockLedger, BlocksVerdict } from './block-ledger.ts';
import { createBlockLedger } from './block-ledger.ts';
import type { EventsTable } from './clickhouse-events.ts';
import { insertBlocks } from './clickhouse-events.ts';

export type InserterOptions = {
  /** The replicas of each shard, in the order in which they are tried. */
  shards: readonly (readonly ClickHouseAddress[])[];
  events: EventsTable;
  /** The day that steady blocks belong to. */
  today: string;
  /** Days that get a block now and then: late rows. */
  lateDays?: readonly string[];
  /** One block in so many is late; 4 unless given. */
  lateEvery?: number;
  /** Blocks a second, over all shards; 10 unless given. */
  perSecond?: number;
  /** Through the Distributed table, which places each row by its key; to each shard's own table unless given. */
  distributed?: boolean;
  /** One block in so many is sent twice although it was acknowledged, as a producer does that missed the answer. */
  repeatEvery?: number;
  /** How long one attempt may take; 5,000 unless given. */
  attemptMs?: number;
  /** A block that got no answer is sent again, the same bytes, for so long; 20,000 unless given. Then it is unknown. */
  giveUpMs?: number;
};

export type Inserter = {
  readonly ledger: BlockLedger;
  /** Fills a day of one shard, before the load; noted as acknowledged. */
  seed(shard: number, day: string, blocks: number): Promise<void>;
  start(): void;
  /** One block for this day to this shard, besides the steady ones: a late row at a chosen moment. A fence holds it as well. */
  send(shard: number, day: string): void;
  /** Starts to hold back what is for this day, and resolves when nothing of it is in flight: the producers' own switch. */
  fence(day: string): Promise<void>;
  /** Ends it; what was held back is sent. */
  lift(day: string): void;
  /** Blocks that a fence holds back now. */
  held(): number;
  stop(): Promise<void>;
  /** As the ledger's: what is missing is asked for again for so long. */
  verify(server: ClickHouseAddress, behindMs?: number): Promise<BlocksVerdict>;
};

/**
 * Producers of the lab: steady blocks for today and late ones for older days, to each shard's own table in turn; what gets
 * no answer is sent again to the shard's next replica. Bounded by `perSecond` and by `stop`.
 */
export function createInserter(options: InserterOptions): Inserter {
  const { shards, events, today, lateDays = [], lateEvery = 4, perSecond = 10, repeatEvery } = options;
  const { attemptMs = 5_000, giveUpMs = 20_000, distributed = false } = options;
  const ledger = createBlockLedger();
  const flights = new Map<Promise<void>, string>();
  const fenced = new Map<string, (() => void)[]>();
  let running = false;
  let loop: Promise<void> = Promise.resolve();
  let sent = 0;

  const deliver = async (replicas: readonly ClickHouseAddress[], day: string, block: number): Promise<void> => {
    const deadline = monotonicMs() + giveUpMs;
    for (let attempt = 0; monotonicMs() < deadline; attempt += 1) {
      const server = replicas[attempt % replicas.length] as ClickHouseAddress;
      try {
        await insertBlocks(server, events, { day, firstBlock: block, timeoutMs: attemptMs, distributed });
        if (repeatEvery && block % repeatEvery === 0) await repeat(server, day, block);
        return ledger.settle(block, 'acknowledged');
      } catch {
        await pause(100);
      }
    }
    ledger.settle(block, 'unknown');
  };
  /** Its failing says nothing: the block was acknowledged before. */
  const repeat = async (server: ClickHouseAddress, day: string, block: number): Promise<void> => {
    await insertBlocks(server, events, { day, firstBlock: block, timeoutMs: attemptMs, distributed }).catch(
      () => undefined,
    );
  };
  const take = (replicas: readonly ClickHouseAddress[], day: string): void => {
    const held = fenced.get(day);
    if (held) return void held.push(() => take(replicas, day));
    const block = ledger.reserve(1);
    ledger.send(block, day);
    const flight: Promise<void> = deliver(replicas, day, block).finally(() => flights.delete(flight));
    flights.set(flight, day);
  };
  const landed = async (day?: string): Promise<void> => {
    await Promise.all([...flights].flatMap(([flight, of]) => (day === undefined || of === day ? [flight] : [])));
  };
  return {
    ledger,
    async seed(shard, day, blocks) {
      const server = shards[shard - 1]?.[0];
      if (!server) throw new RangeError(`there is no shard ${shard}`);
      for (let left = blocks; left > 0; left -= 500) {
        const count = Math.min(left, 500);
        const firstBlock = ledger.reserve(count);
        await insertBlocks(server, events, { day, firstBlock, blocks: count, timeoutMs: 120_000, distributed });
        for (let block = firstBlock; block < firstBlock + count; block += 1) {
          ledger.send(block, day);
          ledger.settle(block, 'acknowledged');
        }
      }
    },
    send(shard, day) {
      const replicas = shards[shard - 1];
      if (!replicas) throw new RangeError(`there is no shard ${shard}`);
      take(replicas, day);
    },
    start() {
      if (running) return;
      running = true;
      loop = (async () => {
        const begun = monotonicMs();
        for (let turn = 1; running; turn += 1) {
          const late = lateDays.length > 0 && turn % lateEvery === 0;
          const day = late ? (lateDays[(turn / lateEvery) % lateDays.length] as string) : today;
          take(shards[sent++ % shards.length] as readonly ClickHouseAddress[], day);
          await pause(Math.max(0, begun + (turn * 1_000) / perSecond - monotonicMs()));
        }
      })();
    },
    async fence(day) {
      if (!fenced.has(day)) fenced.set(day, []);
      await landed(day);
    },
    lift(day) {
      const held = fenced.get(day) ?? [];
      fenced.delete(day);
      for (const send of held) send();
    },
    held: () => [...fenced.values()].reduce((sum, held) => sum + held.length, 0),
    async stop() {
      running = false;
      await loop;
      for (const day of [...fenced.keys()]) this.lift(day);
      await landed();
    },
    verify: (server, behindMs) => ledger.verify(server, `${events.database}.${events.table}_all`, behindMs),
  };
}
