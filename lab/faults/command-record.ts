import { monotonicMs } from '../clock.ts';
import type { Reply } from './resp.ts';
import { parseResp } from './resp.ts';

/** One command that a client sent, and what became of it. */
export type Recorded = {
  /** When it passed, in ms of the monotonic clock. */
  at: number;
  node: string;
  connection: number;
  /** The command's words, its name in capitals; long ones cut, secrets hidden. */
  command: string[];
  /** Sent between MULTI and EXEC. */
  inTransaction: boolean;
  /**
   * `pending`: no answer yet. `done`: answered without an error; in a transaction, EXEC was. `refused`: an error.
   * `aborted`: its EXEC gave nil or an error, or it was discarded. `unknown`: the node's connection ended first.
   */
  outcome: 'pending' | 'done' | 'refused' | 'aborted' | 'unknown';
  /** The answer when it is a word, the role when ROLE or INFO was asked, the error. */
  reply?: string;
};

export type ConnectionRecorder = {
  fromClient(chunk: Buffer): void;
  fromNode(chunk: Buffer): void;
  closed(): void;
};

const hidden = '(hidden)';
/** After these, answers no longer pair with commands one to one, or the connection is replication. */
const unpaired = new Set(['PSYNC', 'SYNC', 'REPLCONF', 'MONITOR', 'SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE']);
const longestWord = 200;

/** Pairs one connection's commands with their answers, appending to `into`. */
export function recordConnection(node: string, connection: number, into: Recorded[]): ConnectionRecorder {
  const unanswered: Recorded[] = [];
  let transaction: Recorded[] | undefined;
  let recording = true;

  const commands = parseResp((value) => {
    const command = wordsOf(value);
    const name = command[0];
    if (!recording || name === undefined) return;
    if (unpaired.has(name)) {
      recording = false;
      return;
    }
    const inTransaction = transaction !== undefined && !['EXEC', 'DISCARD', 'WATCH', 'RESET'].includes(name);
    const record: Recorded = {
      ...{ at: monotonicMs(), node, connection, command: withoutSecrets(command) },
      ...{ inTransaction, outcome: 'pending' },
    };
    into.push(record);
    unanswered.push(record);
    if (name === 'MULTI') transaction ??= [];
    else if (name === 'EXEC' || name === 'DISCARD' || name === 'RESET') {
      closing.set(record, transaction ?? []);
      transaction = undefined;
    } else if (inTransaction) transaction?.push(record);
  });
  /** The commands that each EXEC, DISCARD or RESET in flight decides about: clients pipeline a whole transaction. */
  const closing = new Map<Recorded, Recorded[]>();

  const answers = parseResp((reply) => {
    const record = unanswered.shift();
    if (!record) return;
    const queued = closing.get(record);
    closing.delete(record);
    // QUEUED decides nothing yet; EXEC will. An error does: it was never queued.
    if (!record.inTransaction || reply.kind === 'error') settle(record, reply);
    if (!queued) return;
    const waiting = queued.filter((command) => command.outcome === 'pending');
    if (record.command[0] === 'EXEC' && reply.kind === 'list') {
      for (const [at, command] of waiting.entries()) settle(command, reply.items[at] ?? { kind: 'null' });
      return;
    }
    if (record.command[0] === 'EXEC' && reply.kind === 'null') record.outcome = 'aborted';
    for (const command of waiting) command.outcome = 'aborted';
  });

  return {
    fromClient: (chunk) => recording && commands.push(chunk),
    fromNode: (chunk) => recording && answers.push(chunk),
    closed() {
      for (const record of [...unanswered, ...(transaction ?? []), ...[...closing.values()].flat()]) {
        if (record.outcome !== 'pending') continue;
        // A transaction whose EXEC was never sent cannot have run.
        record.outcome = transaction?.includes(record) ? 'aborted' : 'unknown';
      }
    },
  };
}

function settle(record: Recorded, reply: Reply): void {
  record.outcome = reply.kind === 'error' ? 'refused' : 'done';
  const [name] = record.command;
  if (name === 'INFO' && reply.kind === 'text') {
    const role = /^role:(\w+)/m.exec(reply.text)?.[1];
    if (role !== undefined) record.reply = role;
  } else if (name === 'ROLE' && reply.kind === 'list') {
    const [first] = reply.items;
    if (first?.kind === 'text') record.reply = first.text;
  } else if (reply.kind === 'text' || reply.kind === 'error') {
    record.reply = reply.text.slice(0, longestWord);
  }
}

function wordsOf(value: Reply): string[] {
  const words =
    value.kind === 'list'
      ? value.items.map((item) => (item.kind === 'text' ? item.text : ''))
      : value.kind === 'text'
        ? value.text.split(' ').filter((word) => word !== '') // an inline command
        : [];
  const [name, ...rest] = words;
  return name === undefined ? [] : [name.toUpperCase(), ...rest.map((word) => word.slice(0, longestWord))];
}

/** No password is ever kept: not of AUTH or HELLO, nor one that is set, nor one for another node. */
function withoutSecrets(command: string[]): string[] {
  const [name] = command;
  if (name === 'AUTH') return ['AUTH', hidden];
  if (name === 'ACL' && command[1]?.toUpperCase() === 'SETUSER') return [...command.slice(0, 3), hidden];
  if (name === 'CONFIG' && command[1]?.toUpperCase() === 'SET') {
    return command.map((word, at) => (/pass|auth|user/i.test(command[at - 1] ?? '') && at > 2 ? hidden : word));
  }
  if (name === 'HELLO' || name === 'MIGRATE') {
    const from = command.findIndex((word) => /^auth2?$/i.test(word));
    return from < 0 ? command : [...command.slice(0, from + 1), hidden];
  }
  return command;
}
