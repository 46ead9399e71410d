import type { Client } from '@temporalio/client';
import type { Poller } from '../client/index.ts';
import { checkWorkers, isRecent, pollersOf } from '../client/index.ts';
import type { LoadedPlatform } from '../platform/index.ts';
import { regionsOf } from '../platform/index.ts';
import type { Domain, Kind, QueueToAsk } from '../runs/index.ts';
import { controlQueue, domainOf, domainQueue, kinds, vantageQueue } from '../runs/index.ts';
import { clockChecks } from './clock-checks.ts';
import type { Check } from './render/checks.ts';
import { bad, ok, unknown } from './render/checks.ts';
import { versionCheck } from './worker-versions.ts';

/** All workers are asked at once; the slowest answer is that of targets which are away. Milliseconds. */
const checkMs = 25_000;

const next = 'start the workers with `gantry dev`, or look at the deployment of this role';

/** Which workers answered: what can be asked of them further. */
export type Alive = { workflows: boolean; redis: boolean };

/**
 * Whether a worker answers on each queue that a run needs, which version they run, and what time they and their targets
 * have. Who has polled is what the server remembers for minutes: only an answer counts.
 */
export async function workerChecks(
  client: Client,
  taskQueue: string,
  platform: LoadedPlatform['platform'] | undefined,
): Promise<{ checks: Check[]; alive: Alive }> {
  const asked = queuesOf(taskQueue, platform);
  const [workflows, ...activities] = await Promise.all([
    pollersOf(client, taskQueue, 'workflow'),
    ...asked.map(({ queue }) => pollersOf(client, queue, 'activity')),
  ]).catch((error: unknown) => [error]);
  if (!Array.isArray(workflows))
    return { checks: [bad('workers', workflows)], alive: { workflows: false, redis: false } };
  const pollers = new Map(asked.map(({ queue }, at) => [queue, activities[at] as readonly Poller[]]));
  return ask(client, taskQueue, { asked, pollers, workflows });
}

type Polled = {
  asked: readonly Pick<QueueToAsk, 'queue' | 'targets'>[];
  pollers: ReadonlyMap<string, readonly Poller[]>;
  workflows: readonly Poller[];
};

async function ask(client: Client, taskQueue: string, { asked, pollers, workflows }: Polled) {
  const name = `queue ${taskQueue}`;
  const none = { workflows: false, redis: false };
  const rest = asked.map(({ queue }) =>
    (pollers.get(queue)?.length ?? 0) === 0
      ? silent(queue)
      : unknown(`queue ${queue}`, 'no workflow worker answers, so the others cannot be asked'),
  );
  const blind = [...rest, unknown('worker versions', 'no worker answers'), unknown('clocks', 'no worker answers')];
  if (workflows.length === 0) {
    const fact = 'no worker polls it: workflow tasks wait';
    return { checks: [{ name, state: 'bad' as const, fact, next }, ...blind], alive: none };
  }
  try {
    const queues = asked.map((one) => ({
      ...one,
      expected: [...new Set((pollers.get(one.queue) ?? []).map(({ identity }) => identity))],
    }));
    const seen = await checkWorkers(client, taskQueue, queues, { withinMs: checkMs });
    const serverNow = Date.now() - seen.here.aheadMs;
    const lines = seen.queues.flatMap(({ queue, workers }) =>
      workers.length === 0
        ? [silent(queue)]
        : [
            ok(`queue ${queue}`, `${workers.length} ${workers.length === 1 ? 'worker answers' : 'workers answer'}`),
            ...missing(
              queue,
              workers.map((one) => one.name),
              pollers.get(queue) ?? [],
              serverNow,
            ),
          ],
    );
    const workers = seen.queues.flatMap((one) => one.workers);
    const checks = [
      ok(name, 'a worker answers'),
      ...lines,
      versionCheck(workers.map((one) => one.name)),
      ...clockChecks(
        workers,
        seen.queues.flatMap(({ targets }) => targets),
        seen.here,
      ),
    ];
    const redis = seen.queues.some((one) => one.queue === domainQueue(taskQueue, 'redis') && one.workers.length > 0);
    return { checks, alive: { workflows: true, redis } };
  } catch (error) {
    return { checks: [{ ...bad(name, error), next }, ...blind], alive: none };
  }
}

function silent(queue: string): Check {
  return { name: `queue ${queue}`, state: 'bad', fact: 'no worker answers on it: its tasks wait', next };
}

/** Who polled a short while ago and did not answer: it has ended just now, or it hangs. */
function missing(queue: string, answered: readonly string[], pollers: readonly Poller[], serverNow: number): Check[] {
  return pollers
    .filter(({ identity, lastAt }) => isRecent(lastAt, serverNow) && !answered.includes(identity))
    .map(({ identity, lastAt }) => {
      const seconds = Math.max(0, Math.round((serverNow - lastAt) / 1_000));
      const fact = `${identity} polled it ${seconds} s ago and does not answer: it has ended since, or it hangs`;
      return unknown(`queue ${queue}`, fact, 'look at that process; one that has ended is listed for 90 s');
    });
}

/** Whether a domain has anything to operate; without a platform file that can be read: all of them. */
function isUsed(domain: Domain, platform: LoadedPlatform['platform'] | undefined): boolean {
  if (!platform) return true;
  if (domain === 'redis') return Object.keys(platform.redis.groups).length > 0;
  return domain !== 'clickhouse' || Object.keys(platform.clickhouse.clusters).length > 0;
}

/** Every queue of activities that a run needs, and those of the places that have a say in whether a primary is dead. */
function queuesOf(taskQueue: string, platform: LoadedPlatform['platform'] | undefined) {
  const known = [...new Set<Domain>((Object.keys(kinds) as Kind[]).map(domainOf))];
  const domains = known.filter((domain) => isUsed(domain, platform));
  const vantages = new Set(Object.values(platform?.redis.groups ?? {}).flatMap(({ failover }) => failover.vantages));
  return [
    { queue: controlQueue(taskQueue) },
    ...domains.flatMap((domain) =>
      [undefined, ...(platform ? regionsOf(platform, domain) : [])].map((region) => ({
        queue: domainQueue(taskQueue, domain, region),
        targets: true,
      })),
    ),
    ...[...vantages].map((vantage) => ({ queue: vantageQueue(taskQueue, 'redis', vantage) })),
  ];
}
