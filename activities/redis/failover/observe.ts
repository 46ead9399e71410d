import { GantryError } from '../../../src/errors/index.ts';
import type { RedisObservation, RedisObservationCall, RedisObservationVerdict } from '../../../src/runs/index.ts';
import { plainActivity, wait } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';

/** Where a vantage worker stands. */
export type VantageOptions = Pick<RedisDeps, 'groups'> & {
  vantage: string;
  /** Its failure domain: two workers with the same one are one vantage. */
  domain: string;
};

export type VantageActivities = ReturnType<typeof createVantageActivities>;

/** The only activity of a vantage worker: it looks, and changes nothing. */
export function createVantageActivities({ groups, vantage, domain }: VantageOptions) {
  return {
    redisObserve: plainActivity(async (call: RedisObservationCall, signal): Promise<RedisObservation> => {
      const startedAt = performance.now();
      const seen = await lookAt(await groups(call.group), call, signal);
      return { vantage, domain, ...seen, ms: performance.now() - startedAt };
    }),
  };
}

type Seen = Pick<RedisObservation, 'verdict' | 'detail' | 'probes'>;

/** Dead only if every probe in a row got no answer; the first answer of any kind ends it, a name that does not resolve too. */
async function lookAt(access: RedisGroupAccess, call: RedisObservationCall, signal: AbortSignal): Promise<Seen> {
  const { probes, everyMs } = call;
  for (let count = 1; ; count += 1) {
    const startedAt = performance.now();
    const seen = await probe(access, call);
    if (seen.verdict !== 'dead' || count >= probes) return { ...seen, probes: count };
    await wait(Math.max(0, everyMs - (performance.now() - startedAt)), signal);
  }
}

async function probe(
  access: RedisGroupAccess,
  { node, timeoutMs }: RedisObservationCall,
): Promise<Omit<Seen, 'probes'>> {
  try {
    const connection = await access.connect(node, { connectTimeoutMs: timeoutMs, commandTimeoutMs: timeoutMs });
    try {
      await connection.ping();
    } finally {
      connection.close();
    }
    return { verdict: 'alive', detail: 'it answers PING' };
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    return { verdict: verdictOf(error), detail: error.message };
  }
}

/** A refusal is an answer: only silence counts as dead. @throws what says nothing about the node (an unknown name) */
function verdictOf(error: GantryError): RedisObservationVerdict {
  switch (error.code) {
    case 'REDIS_UNREACHABLE':
      // A name service that fails says nothing about the node.
      return error.evidence['unresolved'] === true ? 'unresolved' : 'dead';
    case 'REDIS_TIMEOUT':
      return 'dead';
    case 'REDIS_LOADING':
      return 'loading';
    case 'REDIS_BUSY':
      return 'busy';
    case 'REDIS_MISCONF':
      return 'refusing-writes';
    case 'REDIS_AUTH_FAILED':
      return 'auth-failed';
    case 'REDIS_UNKNOWN_NODE':
      throw error;
    default:
      return 'alive';
  }
}
