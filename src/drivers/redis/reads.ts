import { epochOf, textOf } from './session.ts';
import type { RedisSession } from './session.ts';
import { parseInfo, parseReplication, unexpected } from './info.ts';
import type { RedisNode } from './types.ts';
import { epochKey } from './types.ts';

type Reads = Pick<
  RedisNode,
  | 'ping'
  | 'info'
  | 'replication'
  | 'configGet'
  | 'aclList'
  | 'moduleList'
  | 'announces'
  | 'sentinelListens'
  | 'time'
  | 'epoch'
  | 'get'
>;

/** The channel on which Sentinels greet each other through every node that they watch. */
const sentinelChannel = '__sentinel__:hello';

/** The verbs that change nothing. */
export function readVerbs(session: RedisSession): Reads {
  const { endpoint, send } = session;
  const configGet: Reads['configGet'] = async (names) => {
    // One name per command: several in one CONFIG GET came with 7.0.
    const answers = await session.pipeline(names.map((name) => ['config', 'get', name]));
    const values: Record<string, string> = {};
    for (const [index, name] of names.entries()) {
      const pair = answers[index];
      if (!Array.isArray(pair)) return unexpected(endpoint, `CONFIG GET ${name} did not answer a list`);
      // A setting that this version doesn't know answers an empty list and is left out.
      if (pair.length) values[name] = textOf(pair[1], endpoint, `CONFIG GET ${name}`);
    }
    return values;
  };
  return {
    ping: async () => void (await send('ping')),
    configGet,
    info: async (section) => parseInfo(textOf(await send('info', section), endpoint, 'INFO')),
    replication: async () => parseReplication(textOf(await send('info', 'replication'), endpoint, 'INFO'), endpoint),
    aclList: async () => texts(await send('acl', 'list'), session, 'ACL LIST'),
    moduleList: async () => {
      const answer = await send('module', 'list');
      if (!Array.isArray(answer)) return unexpected(endpoint, 'MODULE LIST did not answer a list');
      return answer.map((module: unknown) => {
        const fields = Array.isArray(module) ? module.map(String) : [];
        const after = (name: string): string => fields[fields.indexOf(name) + 1] ?? '?';
        return `${after('name')} ${after('ver')}`;
      });
    },
    announces: async () => {
      const told = await configGet(['replica-announce-ip', 'replica-announce-port']);
      const laddr = / laddr=\[?([^\]\s]+)\]?:(\d+) /.exec(
        textOf(await send('client', 'info'), endpoint, 'CLIENT INFO'),
      );
      const port = Number(told['replica-announce-port'] ?? 0) || Number(laddr?.[2] ?? endpoint.port);
      return { host: told['replica-announce-ip'] || (laddr?.[1] ?? endpoint.host), port };
    },
    sentinelListens: async () => {
      const answer = await send('pubsub', 'numsub', sentinelChannel);
      return Array.isArray(answer) && Number(answer[1]) > 0;
    },
    time: async () => {
      const answer = await send('time');
      const [seconds, micros] = Array.isArray(answer) ? answer.map(Number) : [];
      const ms = (seconds ?? NaN) * 1_000 + Math.floor((micros ?? NaN) / 1_000);
      return Number.isSafeInteger(ms) ? ms : unexpected(endpoint, 'TIME did not answer two whole numbers');
    },
    epoch: async () => epochOf(await send('get', epochKey), endpoint),
    get: async (key) => {
      const value = await send('get', key);
      return value === null ? undefined : textOf(value, endpoint, 'GET');
    },
  };
}

function texts(answer: unknown, session: RedisSession, command: string): string[] {
  if (!Array.isArray(answer)) return unexpected(session.endpoint, `${command} did not answer a list`);
  return answer.map((item) => textOf(item, session.endpoint, command));
}
