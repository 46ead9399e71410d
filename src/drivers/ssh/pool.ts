import { createHash } from 'node:crypto';
import type { Connection } from './connect.ts';
import { connect, whereIs } from './connect.ts';
import { runOn } from './run-on.ts';
import type { Ssh, SshTarget } from './types.ts';
import { within } from './within.ts';

/** One connection for each host, shared by the steps of a worker. */
export type SshPool = {
  /** Commands on one host. Nothing is connected before the first one. */
  on(target: SshTarget): Ssh;
  /** How many connections were made since the pool was. */
  readonly made: number;
  /** Throws every connection away. */
  close(): void;
};

/** sshd refuses more sessions on one connection than MaxSessions, 10 unless configured (sshd_config(5)). */
const sessionsAtOnce = 8;
/** A connection that nobody used for so long is closed. Milliseconds. */
const idleMs = 60_000;
/** For a connection that others may wait for too: no single command's timeout or cancellation ends it. Milliseconds. */
const connectMs = 20_000;

/**
 * Connections are made when needed, kept while they are used, and thrown away on any error: the next command makes
 * another one. A command is never sent twice by the pool: whether to do it again is the step's decision.
 */
export function createSshPool(): SshPool {
  const slots = new Map<string, Slot>();
  let made = 0;
  const open = async (target: SshTarget): Promise<Connection> => {
    const connection = await connect(target, { timeoutMs: connectMs });
    made += 1;
    return connection;
  };
  return {
    on: (target) => {
      const key = identity(target);
      const slot = slots.get(key) ?? openSlot(target, open);
      slots.set(key, slot);
      return slot;
    },
    get made() {
      return made;
    },
    close: () => {
      for (const slot of slots.values()) slot.close();
      slots.clear();
    },
  };
}

/** Another pinned key, login or way to the host is another connection. */
function identity(target: SshTarget): string {
  const { host, port, user, privateKey, hostKey, jump } = target;
  const key = createHash('sha256').update(privateKey).digest('hex');
  return JSON.stringify([host, port, user, key, hostKey, jump ? identity(jump) : null]);
}

type Slot = Ssh & { close(): void };

function openSlot(target: SshTarget, open: (target: SshTarget) => Promise<Connection>): Slot {
  const where = whereIs(target);
  const waiting: (() => void)[] = [];
  let connection: Promise<Connection> | undefined;
  let running = 0;
  let idle: NodeJS.Timeout | undefined;

  const connected = (): Promise<Connection> => {
    if (connection) return connection;
    const connecting = open(target);
    connection = connecting;
    const forget = (): void => {
      if (connection === connecting) connection = undefined;
    };
    connecting.then(({ lost }) => {
      if (lost.aborted) forget();
      else lost.addEventListener('abort', forget, { once: true });
    }, forget);
    return connecting;
  };
  const enter = async (): Promise<void> => {
    clearTimeout(idle);
    if (running >= sessionsAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
  };
  const leave = (): void => {
    const next = waiting.shift();
    if (next) return next();
    running -= 1;
    if (running > 0) return;
    idle = setTimeout(close, idleMs);
    idle.unref();
  };
  const close = (): void => {
    clearTimeout(idle);
    const last = connection;
    connection = undefined;
    last?.then(
      (held) => held.end('the pool was closed'),
      () => undefined,
    );
  };

  return {
    where,
    close,
    async run(argv, options) {
      const startedAt = performance.now();
      await enter();
      try {
        const ready = await within(
          connected(),
          where,
          `no connection within ${Math.round(options.timeoutMs)} ms`,
          options,
        );
        const timeoutMs = Math.max(1, options.timeoutMs - (performance.now() - startedAt));
        const end = await runOn(ready, where, argv, { ...options, timeoutMs });
        return { ...end, ms: performance.now() - startedAt };
      } finally {
        leave();
      }
    },
  };
}
