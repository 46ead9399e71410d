import { troubleOf } from '../../../src/errors/index.ts';
import type { ClockReading, ClockUnread } from '../../../src/runs/index.ts';
import type { RedisDeps } from './access.ts';
import { withNode } from './access.ts';

/** A node that is away costs no more than this: the audit tells why. Milliseconds. */
const patience = { connectTimeoutMs: 1_500, commandTimeoutMs: 1_500 };

/** What time each node of these groups has (TIME), against this machine's clock. One that cannot be read says why. */
export async function redisClocks(
  groups: RedisDeps['groups'],
  names: readonly string[],
): Promise<readonly (ClockReading | ClockUnread)[]> {
  const all = await Promise.all(names.map((group) => clocksOf(groups, group)));
  return all.flat();
}

async function clocksOf(groups: RedisDeps['groups'], group: string): Promise<(ClockReading | ClockUnread)[]> {
  try {
    const access = await groups(group);
    return await Promise.all(
      access.config.nodes.map(({ name }) => {
        const place = `redis ${group} ${name}`;
        return withNode(access, name, (node) => readClock(place, () => node.time()), patience).catch(unread(place));
      }),
    );
  } catch (error) {
    return [unread(`redis ${group}`)(error)];
  }
}

/** The clock was read between two looks at ours. */
async function readClock(name: string, read: () => Promise<number>): Promise<ClockReading> {
  const before = Date.now();
  const startedAt = performance.now();
  const at = await read();
  const tookMs = performance.now() - startedAt;
  return { name, aheadMs: at - (before + tookMs / 2), withinMs: tookMs / 2 };
}

function unread(name: string): (error: unknown) => ClockUnread {
  return (error) => {
    const { code, message } = troubleOf(error);
    return { name, code, message };
  };
}
