import { troubleOf } from '../../../src/errors/index.ts';
import type { ClockReading, ClockUnread } from '../../../src/runs/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { withServer } from '../access/access.ts';

/** A server that is away costs no more than this. Milliseconds. */
const patience = { timeoutMs: 3_000 };

/** `now()` is of whole seconds on every version: the clock is between it and the next one. */
const wholeSecondMs = 1_000;

/** What time each server of these clusters has, against this machine's clock. One that cannot be read says why. */
export async function clickhouseClocks(
  clusters: ClickHouseDeps['clusters'],
  names: readonly string[],
): Promise<readonly (ClockReading | ClockUnread)[]> {
  const all = await Promise.all(names.map((cluster) => clocksOf(clusters, cluster)));
  return all.flat();
}

async function clocksOf(
  clusters: ClickHouseDeps['clusters'],
  cluster: string,
): Promise<(ClockReading | ClockUnread)[]> {
  try {
    const access = await clusters(cluster);
    return await Promise.all(
      access.config.nodes.map(({ name }) => {
        const place = `clickhouse ${cluster} ${name}`;
        return withServer(access, name, (node) => readClock(place, () => node.clock()), patience).catch(unread(place));
      }),
    );
  } catch (error) {
    return [unread(`clickhouse ${cluster}`)(error)];
  }
}

async function readClock(name: string, read: () => Promise<number>): Promise<ClockReading> {
  const before = Date.now();
  const startedAt = performance.now();
  const whole = await read();
  const tookMs = performance.now() - startedAt;
  const at = whole + wholeSecondMs / 2;
  return { name, aheadMs: at - (before + tookMs / 2), withinMs: (tookMs + wholeSecondMs) / 2 };
}

function unread(name: string): (error: unknown) => ClockUnread {
  return (error) => {
    const { code, message } = troubleOf(error);
    return { name, code, message };
  };
}
