import type { KubernetesNodes } from '../../../src/drivers/kubernetes/index.ts';
import type { RemoteEnd, RemoteOptions, Ssh, SshPool, SshTarget } from '../../../src/drivers/ssh/index.ts';
import { createSshPool } from '../../../src/drivers/ssh/index.ts';
import type {
  HostClass,
  HostInventory,
  Hosts,
  HostLogin,
  InventoryHost,
  SecretRef,
} from '../../../src/platform/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';

/** One host as a worker reaches it. */
export type HostAccess = {
  readonly serial: string;
  readonly config: InventoryHost;
  readonly class: HostClass;
  /** The pooled connection. `LC_ALL=C`, every word of `argv` quoted, an empty standard input, a bounded output. */
  readonly ssh: Ssh;
  /** A connection of its own, made now and closed afterwards: what answers on an old one proves nothing of the network. */
  fresh<T>(use: (ssh: Ssh) => Promise<T>, timeoutMs: number): Promise<T>;
};

/** Where the Nodes of hosts are. */
export type HostNodes = KubernetesNodes & { readonly region: string };

/** What every step of a host is given. */
export type HostDeps = {
  /** @throws HOST_UNKNOWN, SECRET_NOT_FOUND */
  hosts: (serial: string) => HostAccess | Promise<HostAccess>;
  /** The hosts that a serial number or a zone names, and what is done with one that drifted. */
  fleet: (hosts: string) => { serials: readonly string[]; quarantine: 'report' | 'taint' };
  /** The Nodes of the region of a host. @throws HOST_UNKNOWN, HOST_REGION_UNKNOWN, SECRET_NOT_FOUND */
  nodes: (serial: string, signal?: AbortSignal) => HostNodes;
  /** The hosts' part of the platform file, for plans over many of them. */
  inventory: Hosts;
  log: Logger;
};

export type { RemoteEnd, RemoteOptions, Ssh };

/**
 * A line of the inventory → access to the host, through its bastion where it has one.
 * @throws SECRET_NOT_FOUND from `secret`
 */
export function hostAccess(
  inventory: HostInventory,
  pool: SshPool,
  secret: (ref: SecretRef) => string,
  wrap: (ssh: Ssh) => Ssh = (ssh) => ssh,
): HostAccess {
  const { serial, config, class: hostClass, bastion } = inventory;
  const target = targetOf(config, secret, bastion);
  const spoken = (ssh: Ssh): Ssh => wrap(inPlainWords(ssh, config.user));
  return {
    serial,
    config,
    class: hostClass,
    ssh: spoken(pool.on(target)),
    fresh: async (use, timeoutMs) => {
      const own = createSshPool();
      try {
        return await use(within(spoken(own.on(target)), timeoutMs));
      } finally {
        own.close();
      }
    },
  };
}

function targetOf(login: HostLogin, secret: (ref: SecretRef) => string, bastion?: HostLogin): SshTarget {
  const { address, port, user, privateKey, hostKey } = login;
  const target = { host: address, port, user, privateKey: secret(privateKey), hostKey };
  return bastion ? { ...target, jump: targetOf(bastion, secret) } : target;
}

/** Messages in English, whatever the host's language is; as root, whoever logs in. */
function inPlainWords(ssh: Ssh, user: string): Ssh {
  const root = user === 'root' ? [] : ['sudo', '-n', '--'];
  return { where: ssh.where, run: (argv, options) => ssh.run([...root, 'env', 'LC_ALL=C', ...argv], options) };
}

/** All commands of one use share its time. */
function within(ssh: Ssh, timeoutMs: number): Ssh {
  const deadline = performance.now() + timeoutMs;
  return {
    where: ssh.where,
    run: (argv, options) => {
      const leftMs = Math.max(1, Math.min(options.timeoutMs, deadline - performance.now()));
      return ssh.run(argv, { ...options, timeoutMs: leftMs });
    },
  };
}
