import { GantryError } from '../../errors/index.ts';
import type { Endpoint } from '../redis/index.ts';
import type { SentinelReplica, SentinelState, Switched } from './types.ts';

/** The flat list of names and values that Sentinels answer → a record. @throws REDIS_UNEXPECTED_ANSWER */
export function fieldsOf(answer: unknown, at: Endpoint): Record<string, string> {
  if (!Array.isArray(answer) || answer.length % 2) return unexpected(at, 'a list of names and values was expected');
  const words = answer.map(String);
  return Object.fromEntries(words.flatMap((word, index) => (index % 2 ? [] : [[word, words[index + 1] ?? '']])));
}

/** `SENTINEL MASTER` → one shape. @throws REDIS_UNEXPECTED_ANSWER */
export function parseState(answer: unknown, at: Endpoint): SentinelState {
  const fields = fieldsOf(answer, at);
  const number = (name: string): number => wholeNumber(fields[name], name, at);
  const flags = (fields['flags'] ?? unexpected(at, 'SENTINEL MASTER has no flags')).split(',');
  const state = fields['failover-state'];
  return {
    primary: { host: fields['ip'] || unexpected(at, 'SENTINEL MASTER has no ip'), port: number('port') },
    isDown: flags.includes('s_down') || flags.includes('o_down'),
    failoverInProgress: flags.includes('failover_in_progress'),
    ...(state === undefined ? {} : { failoverState: state }),
    configEpoch: number('config-epoch'),
    otherSentinels: number('num-other-sentinels'),
    quorum: number('quorum'),
    downAfterMs: number('down-after-milliseconds'),
    failoverTimeoutMs: number('failover-timeout'),
  };
}

/** One entry of `SENTINEL REPLICAS` → one shape. @throws REDIS_UNEXPECTED_ANSWER */
export function parseReplica(answer: unknown, at: Endpoint): SentinelReplica {
  const fields = fieldsOf(answer, at);
  return {
    host: fields['ip'] || unexpected(at, 'SENTINEL REPLICAS has no ip'),
    port: wholeNumber(fields['port'], 'port', at),
    flags: (fields['flags'] ?? '').split(','),
    priority: wholeNumber(fields['slave-priority'] ?? fields['replica-priority'], 'slave-priority', at),
    offset: wholeNumber(fields['slave-repl-offset'] ?? fields['replica-repl-offset'], 'slave-repl-offset', at),
  };
}

/** `[host, port]` → an address. @throws REDIS_UNEXPECTED_ANSWER */
export function parseAddress(answer: unknown, at: Endpoint): Endpoint {
  const [host, port] = Array.isArray(answer) ? answer.map(String) : [];
  if (!host) return unexpected(at, 'an address was expected');
  return { host, port: wholeNumber(port, 'port', at) };
}

/** The text of a +switch-master message, if it is of `master`. */
export function parseSwitch(text: string, master: string): Switched | undefined {
  const [name, fromHost, fromPort, toHost, toPort] = text.split(' ');
  if (name !== master || !fromHost || !toHost) return undefined;
  const [from, to] = [Number(fromPort), Number(toPort)];
  if (!Number.isInteger(from) || !Number.isInteger(to)) return undefined;
  return { from: { host: fromHost, port: from }, to: { host: toHost, port: to } };
}

function wholeNumber(value: string | undefined, name: string, at: Endpoint): number {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : unexpected(at, `${name} is not a whole number`);
}

function unexpected({ host, port }: Endpoint, what: string): never {
  throw new GantryError('REDIS_UNEXPECTED_ANSWER', `Sentinel ${host}:${port}: ${what}`);
}
