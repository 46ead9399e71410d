import { GantryError } from '../../errors/index.ts';
import type { RedisConnectOptions } from '../redis/client.ts';
import { openClient } from '../redis/client.ts';
import { redisError } from '../redis/errors.ts';
import { parseInfo } from '../redis/info.ts';
import type { Endpoint, RedisCredentials } from '../redis/index.ts';
import { parseAddress, parseReplica, parseState, parseSwitch } from './parse.ts';
import type { SentinelNode, Switched } from './types.ts';

/**
 * Opens one connection to one Sentinel; it never reconnects.
 * @throws REDIS_UNREACHABLE, REDIS_TIMEOUT, REDIS_AUTH_FAILED, REDIS_TLS_FAILED
 */
export async function connectSentinel(
  endpoint: Endpoint,
  credentials: RedisCredentials = {},
  options: RedisConnectOptions = {},
): Promise<SentinelNode> {
  const client = await openClient(endpoint, credentials, options);
  const ask = async (...words: string[]): Promise<unknown> => {
    try {
      return await client.call('sentinel', ...words);
    } catch (error) {
      const known = redisError(error, endpoint, `SENTINEL ${words[0]}`, credentials.password);
      if (known.code === 'REDIS_TIMEOUT') client.disconnect();
      throw /No such (master|primary) with that name/i.test(known.message) ? unknownMaster(endpoint, words[1]) : known;
    }
  };
  const list = async (...words: string[]): Promise<unknown[]> => {
    const answer = await ask(...words);
    if (Array.isArray(answer)) return answer as unknown[];
    throw new GantryError('REDIS_UNEXPECTED_ANSWER', `SENTINEL ${words[0]} did not answer a list`);
  };
  return {
    endpoint,
    primaryAddress: async (master) => {
      const answer = await ask('get-master-addr-by-name', master);
      if (answer === null) throw unknownMaster(endpoint, master);
      return parseAddress(answer, endpoint);
    },
    state: async (master) => parseState(await ask('master', master), endpoint),
    ckquorum: async (master) => {
      try {
        return { ok: true, answer: String(await ask('ckquorum', master)) };
      } catch (error) {
        if (!(error instanceof GantryError) || error.code !== 'SENTINEL_NO_QUORUM') throw error;
        return { ok: false, answer: error.message };
      }
    },
    tilt: async () => {
      try {
        return parseInfo(await client.info('sentinel'))['sentinel_tilt'] === '1';
      } catch (error) {
        throw redisError(error, endpoint, 'INFO sentinel', credentials.password);
      }
    },
    replicas: async (master) => (await list('replicas', master)).map((one) => parseReplica(one, endpoint)),
    offersCoordinated: async () =>
      (await list('help')).some((line) => /^FAILOVER\b.*\bCOORDINATED\b/i.test(String(line))),
    failover: async (master, { coordinated = false, notAfterMs = Infinity } = {}) => {
      if (performance.now() > notAfterMs) {
        throw new GantryError('HANDOVER_LEASE_SPENT', 'too little is left of the write pause to ask for a failover');
      }
      await ask('failover', master, ...(coordinated ? ['coordinated'] : []));
    },
    close: () => client.disconnect(),
  };
}

/**
 * Listens for `+switch-master` of a group on one Sentinel. Answers how to stop. A Sentinel that goes away is silent.
 * @throws what connecting gives
 */
export async function watchSwitch(
  endpoint: Endpoint,
  credentials: RedisCredentials,
  master: string,
  listen: (switched: Switched) => void,
): Promise<() => void> {
  const client = await openClient(endpoint, credentials, {});
  client.on('message', (_channel, text) => {
    const switched = parseSwitch(text, master);
    if (switched) listen(switched);
  });
  try {
    await client.subscribe('+switch-master');
  } catch (error) {
    client.disconnect();
    throw redisError(error, endpoint, 'SUBSCRIBE', credentials.password);
  }
  return () => client.disconnect();
}

function unknownMaster({ host, port }: Endpoint, master = ''): GantryError {
  return new GantryError('SENTINEL_UNKNOWN_MASTER', `Sentinel ${host}:${port} knows no master ${master}`);
}
