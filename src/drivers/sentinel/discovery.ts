import { setTimeout as pause } from 'node:timers/promises';
import { GantryError } from '../../errors/index.ts';
import type { Discovery, DiscoveryEntry } from '../discovery/index.ts';
import type { Endpoint } from '../redis/index.ts';
import type { SentinelNode } from './types.ts';

export type SentinelDiscoveryOptions = {
  master: string;
  sentinels: readonly Endpoint[];
  connect: (at: Endpoint) => Promise<SentinelNode>;
  /** The platform file's spelling of an address that a Sentinel names; the address itself for an unknown one. */
  spelling?: (address: Endpoint) => Promise<Endpoint> | Endpoint;
  /** How long the Sentinels may take to agree. Milliseconds, 5,000 unless given. */
  agreeMs?: number;
};

/** Between two looks at all Sentinels. Milliseconds. */
const pollEveryMs = 50;

/**
 * Discovery for clients that ask the Sentinels. What clients are told is the decision with the highest config epoch, on
 * which the Sentinels settle; that epoch stands in for Gantry's own. Nobody but Sentinels can write it: `redirect` waits
 * until all that answer agree.
 */
export function sentinelDiscovery(options: SentinelDiscoveryOptions): Discovery {
  const { agreeMs = 5_000 } = options;
  return {
    read: async () => newest(await answers(options)),
    redirect: async ({ primary }) => {
      const deadline = performance.now() + agreeMs;
      for (;;) {
        const told = await answers(options);
        const others = told.filter((entry) => !same(entry.primary, primary));
        if (told.length && !others.length) return;
        if (performance.now() > deadline) {
          const [other] = others;
          const why = other ? `names ${other.primary.host}:${other.primary.port}` : 'gives no answer';
          throw new GantryError('DISCOVERY_UNREACHABLE', `after ${agreeMs} ms a Sentinel still ${why}`, {
            evidence: { wanted: primary, told },
          });
        }
        await pause(pollEveryMs);
      }
    },
  };
}

/** What each Sentinel tells clients now. @throws DISCOVERY_UNREACHABLE if none answers */
async function answers({ master, sentinels, connect, spelling }: SentinelDiscoveryOptions): Promise<DiscoveryEntry[]> {
  const asked = await Promise.allSettled(
    sentinels.map(async (at): Promise<DiscoveryEntry> => {
      const sentinel = await connect(at);
      try {
        const address = await sentinel.primaryAddress(master);
        const { configEpoch } = await sentinel.state(master);
        return { primary: (await spelling?.(address)) ?? address, epoch: configEpoch };
      } finally {
        sentinel.close();
      }
    }),
  );
  const told = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (told.length) return told;
  const reasons = asked.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
  throw new GantryError('DISCOVERY_UNREACHABLE', `no Sentinel answers: ${reasons.join('; ')}`);
}

function newest(told: readonly DiscoveryEntry[]): DiscoveryEntry | undefined {
  return [...told].sort((a, b) => b.epoch - a.epoch)[0];
}

function same(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port;
}
