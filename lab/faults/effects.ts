import type { Recorded } from './command-record.ts';

export type Role = 'primary' | { replicaOf: string };

/** Something that changed a node. */
export type Effect = {
  at: number;
  node: string;
  connection: number;
  kind: 'promoted' | 'demoted' | 'failover' | 'config-rewrite' | 'config-set';
  /** The command, in words. */
  command: string;
  /** False when the connection ended before the node's answer: it may have happened. */
  certain: boolean;
};

/**
 * What of a record changed the node: roles (REPLICAOF that changed the role or the primary, FAILOVER), CONFIG REWRITE,
 * CONFIG SET. Not what only reads, holds for a moment (CLIENT PAUSE) or was refused; nor a no-op: the node says so of
 * "Already connected to specified master", and `REPLICAOF NO ONE` on a primary is one (its role is known from what was
 * recorded before, INFO and ROLE answers included, and from `role` at the start; unknown counts as a change).
 */
export function effects(record: readonly Recorded[], role?: Role): Effect[] {
  const roles = new Map<string, Role | undefined>();
  const roleOf = (node: string): Role | undefined => (roles.has(node) ? roles.get(node) : role);
  const found: Effect[] = [];

  for (const entry of inOrderOfEffect(record)) {
    if (entry.outcome !== 'done' && entry.outcome !== 'unknown') continue;
    const seen = roleSeen(entry);
    if (seen !== undefined && (seen === 'primary') !== (roleOf(entry.node) === 'primary')) {
      roles.set(entry.node, seen === 'primary' ? 'primary' : undefined); // replica of someone; the next REPLICAOF tells
    }
    const kind = kindOf(entry, roleOf(entry.node));
    if (!kind) continue;
    const certain = entry.outcome === 'done';
    if (certain && kind === 'promoted') roles.set(entry.node, 'primary');
    if (certain && kind === 'demoted') roles.set(entry.node, { replicaOf: entry.command.slice(1, 3).join(':') });
    if (certain && kind === 'failover') roles.set(entry.node, undefined);
    const { at, node, connection, command } = entry;
    found.push({ at, node, connection, kind, command: command.join(' '), certain });
  }
  return found;
}

function kindOf(entry: Recorded, role: Role | undefined): Effect['kind'] | undefined {
  const [name, first = '', second = ''] = entry.command;
  const verb = first.toUpperCase();
  if (name === 'FAILOVER') return 'failover';
  if (name === 'CONFIG' && verb === 'REWRITE') return 'config-rewrite';
  if (name === 'CONFIG' && verb === 'SET') return 'config-set';
  if (name !== 'REPLICAOF' && name !== 'SLAVEOF') return undefined;
  if (verb === 'NO' && second.toUpperCase() === 'ONE') return role === 'primary' ? undefined : 'promoted';
  return entry.reply?.startsWith('OK Already connected') ? undefined : 'demoted';
}

function roleSeen(entry: Recorded): 'primary' | 'replica' | undefined {
  if (entry.command[0] !== 'INFO' && entry.command[0] !== 'ROLE') return undefined;
  if (entry.reply === 'master') return 'primary';
  return entry.reply === 'slave' ? 'replica' : undefined;
}

/** Commands are recorded as they are sent; those of a transaction take effect in their order, when its EXEC does. */
function inOrderOfEffect(record: readonly Recorded[]): readonly Recorded[] {
  const queued = new Map<string, Recorded[]>();
  return record.flatMap((entry) => {
    const connection = `${entry.node}/${entry.connection}`;
    const waiting = queued.get(connection) ?? [];
    if (entry.inTransaction) {
      queued.set(connection, [...waiting, entry]);
      return [];
    }
    if (entry.command[0] !== 'EXEC' && entry.command[0] !== 'DISCARD') return [entry];
    queued.delete(connection);
    return [...waiting, entry];
  });
}
