import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { DetachedFor, NodeRef } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import type { RedisLinkObservation } from '../../../src/runs/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { RedisGroupAccess } from '../access/access.ts';
import { brief, isAbsence } from '../access/access.ts';

/** Between two looks at a link. Milliseconds. */
const pollEveryMs = 100;
/**
 * A script keeps a primary silent for `busy-reply-threshold` (5 s) before it answers BUSY: a link is not called silent
 * before that has passed. Seconds.
 */
const leastSilenceSeconds = 7;
/** A replica that doesn't answer within this is out of reach: an outage doesn't wait longer. Milliseconds. */
const patience = { connectTimeoutMs: 1_000, commandTimeoutMs: 1_500 };

/** The other nodes of the group, each looked at once: for how long it has been without `dead`. */
export function readLinks(access: RedisGroupAccess, dead: NodeRef): Promise<DetachedFor[]> {
  return Promise.all(
    othersOf(access, dead).map((node) => withLink(access, node, (link) => lookOnce(link, access, dead))),
  );
}

/**
 * The same, watched until each link that is up has shown whether anything comes over it: a frozen primary keeps its links
 * up until `repl-timeout` (60 s). Takes no time where all links are down, and none where the primary answers here too.
 */
export async function watchLinks(
  access: RedisGroupAccess,
  dead: NodeRef,
  signal: AbortSignal,
): Promise<RedisLinkObservation[]> {
  const answersHere = access.connect(dead.name, brief(access)).then(
    async (node) => node.ping().finally(() => node.close()),
    (error: unknown) => Promise.reject(error as Error),
  );
  const isHere = await answersHere.then(
    () => true,
    (error: unknown) => !isAbsence(error),
  );
  return Promise.all(
    othersOf(access, dead).map((node) =>
      withLink(access, node, (link) => watchOne(link, access, dead, isHere, signal)),
    ),
  );
}

function othersOf({ config }: RedisGroupAccess, dead: NodeRef): readonly NodeRef[] {
  return config.nodes.filter(({ name }) => name !== dead.name);
}

type Link = { ref: NodeRef; node: RedisNode };
/** Both kinds of look say it of a replica that nobody can ask. */
type Unreachable = { replica: string; state: 'unreachable'; detail: string };

async function withLink<T>(
  access: RedisGroupAccess,
  ref: NodeRef,
  use: (link: Link) => Promise<T>,
): Promise<T | Unreachable> {
  let node: RedisNode | undefined;
  try {
    node = await access.connect(ref.name, patience);
    return await use({ ref, node });
  } catch (error) {
    // Whatever is wrong with one replica (a rotated password, an expired certificate): nothing is known of its link, and it must not
    // keep the others from being failed over.
    if (!(error instanceof GantryError)) throw error;
    return { replica: ref.name, state: 'unreachable', detail: error.message };
  } finally {
    node?.close();
  }
}

async function lookOnce({ ref, node }: Link, access: RedisGroupAccess, dead: NodeRef): Promise<DetachedFor> {
  const seen = await node.replication();
  if (seen.role === 'primary' || !isDead(seen.follows, access, dead)) {
    return { replica: ref.name, state: 'elsewhere', detachedMs: 0 };
  }
  if (seen.linkUp) return { replica: ref.name, state: 'silent' };
  // A negative age is none: it may have acknowledged something a moment ago.
  if (seen.clockStepped) return { replica: ref.name, state: 'down' };
  // Never linked since its start: it has acknowledged nothing for as long as it is up.
  const seconds = seen.linkDownSeconds ?? Number((await node.info('server'))['uptime_in_seconds'] ?? 0);
  const neverLinked = seen.linkDownSeconds === undefined;
  return { replica: ref.name, state: 'down', detachedMs: seconds * 1000, ...(neverLinked ? { neverLinked } : {}) };
}

async function watchOne(
  { ref, node }: Link,
  access: RedisGroupAccess,
  dead: NodeRef,
  isHere: boolean,
  signal: AbortSignal,
): Promise<RedisLinkObservation> {
  const first = await node.replication();
  const observation = (state: RedisLinkObservation['state'], detail: string): RedisLinkObservation => ({
    replica: ref.name,
    state,
    detail,
  });
  if (first.role === 'primary') return observation('elsewhere', 'it says that it is primary itself');
  if (!isDead(first.follows, access, dead)) {
    return observation('elsewhere', `it follows ${first.follows?.host}:${first.follows?.port}`);
  }
  const period = Number((await node.configGet(['repl-ping-replica-period']))['repl-ping-replica-period'] ?? 10);
  const silentAfter = Math.max(period + 2, leastSilenceSeconds);
  let last = first.lastIoSeconds ?? 0;
  for (;;) {
    const seen = await node.replication();
    if (!seen.linkUp) return observation('down', `link down${downFor(seen.linkDownSeconds)}`);
    if (isHere) return observation('sees', 'link up, and the primary answers here');
    const io = seen.lastIoSeconds ?? 0;
    if (seen.offset > first.offset || io < last)
      return observation('sees', `link up, it heard from the primary ${io} s ago`);
    if (io >= silentAfter) return observation('silent', `link up, and nothing came over it for ${io} s`);
    last = io;
    await wait(pollEveryMs, signal);
  }
}

function downFor(seconds: number | undefined): string {
  return seconds === undefined ? '' : ` for ${seconds} s`;
}

/** A replica may know its primary under a name that the platform file hasn't: whom no other node is called, is it. */
function isDead(
  follows: { host: string; port: number } | undefined,
  { config }: RedisGroupAccess,
  dead: NodeRef,
): boolean {
  if (!follows || sameAddress(follows, dead)) return true;
  return !config.nodes.some((node) => node.name !== dead.name && sameAddress(node, follows));
}
