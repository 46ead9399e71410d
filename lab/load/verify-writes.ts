import type { RedisAddress } from '../redis/client.ts';
import { withRedis } from '../redis/client.ts';
import type { WriteLedger } from './write-ledger.ts';

/** What a node has of what was acknowledged. */
export type Verdict = {
  /** Acknowledged writes looked for. */
  acked: number;
  /** Acknowledged writes that are not there, nor a later one of the same key. */
  lost: number;
  /** Writes of unknown fate that turn out to be there: no promise was broken either way. */
  unknownFound: number;
  /** When the first and the last of the lost were acknowledged. */
  lostBetween?: { fromMs: number; toMs: number };
  /** The first few of the lost. */
  examples: { key: string; seq: number; found: string | null; ackedAtMs: number; node: number }[];
};

/** With the lost writes by the index of the node that acknowledged them. */
type Counted = Verdict & { lostByNode: Map<number, number> };

const batch = 1_000;

/**
 * Reads every acknowledged write back from a node (the present primary), in batches of 1,000 keys.
 * @throws whatever the connection throws: an unreadable node is no verdict
 */
export async function verifyWrites(
  ledgers: readonly { ledger: WriteLedger; keyPrefix: string }[],
  keySpace: number,
  node: RedisAddress,
  password?: string,
): Promise<Counted> {
  const verdict: Counted = { acked: 0, lost: 0, unknownFound: 0, examples: [], lostByNode: new Map() };
  await withRedis(node, password, async (client) => {
    for (const { ledger, keyPrefix } of ledgers) {
      const slots = Math.min(keySpace, ledger.size);
      for (let from = 0; from < slots; from += batch) {
        const keys = Array.from({ length: Math.min(batch, slots - from) }, (_, at) => `${keyPrefix}${from + at}`);
        const values = await client.mget(keys);
        for (const [at, value] of values.entries()) judge(verdict, ledger, keySpace, from + at, keyPrefix, value);
      }
    }
  });
  return verdict;
}

/** Of the writes of one key, all those after the one found are missing; those before it were overwritten in order. */
function judge(
  verdict: Counted,
  ledger: WriteLedger,
  keySpace: number,
  slot: number,
  keyPrefix: string,
  value: string | null,
): void {
  const found = value === null ? -1 : Number(value);
  for (let seq = slot; seq < ledger.size; seq += keySpace) {
    const node = ledger.nodeOf(seq);
    if (node < 0) {
      if (seq === found) verdict.unknownFound += 1;
      continue;
    }
    verdict.acked += 1;
    if (seq <= found) continue;
    verdict.lost += 1;
    verdict.lostByNode.set(node, (verdict.lostByNode.get(node) ?? 0) + 1);
    const [atMs, { fromMs, toMs } = { fromMs: Infinity, toMs: -Infinity }] = [ledger.timeOf(seq), verdict.lostBetween];
    verdict.lostBetween = { fromMs: Math.min(fromMs, atMs), toMs: Math.max(toMs, atMs) };
    if (verdict.examples.length < 10) {
      verdict.examples.push({ key: `${keyPrefix}${slot}`, seq, found: value, ackedAtMs: ledger.timeOf(seq), node });
    }
  }
}
