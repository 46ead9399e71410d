import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { freePort } from '../ports.ts';
import type { LabProcess } from '../process.ts';
import { startProcess } from '../process.ts';
import { findStockTemporal } from '../programs.ts';

const services = ['frontend', 'internal-frontend', 'matching', 'history', 'worker'] as const;

export type StockTemporal = { address: string; stop: LabProcess['stop']; kill: LabProcess['kill'] };

/**
 * The stock server in one process, in memory, with the token authentication that it ships with: the keys of `jwksUrl`, and the claim
 * `permissions` (`<namespace>:read`, `<namespace>:write`, `temporal-system:admin`). Its own services need an internal frontend then.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startStockTemporal({
  stateDir,
  jwksUrl,
}: {
  stateDir: string;
  jwksUrl: string;
}): Promise<StockTemporal> {
  const command = await findStockTemporal();
  const ports: number[] = [];
  const port = async (): Promise<number> => {
    const free = await freePort();
    ports.push(free);
    return free;
  };
  const listening: Record<string, { rpc: Record<string, unknown> }> = {};
  for (const name of services)
    listening[name] = { rpc: { grpcPort: await port(), membershipPort: await port(), bindOnIP: '127.0.0.1' } };
  const address = `127.0.0.1:${String(listening['frontend']?.rpc['grpcPort'])}`;
  const store = (databaseName: string) => ({
    sql: {
      ...{ pluginName: 'sqlite', databaseName, connectAddr: 'localhost', connectProtocol: 'tcp' },
      ...{ connectAttributes: { mode: 'memory', cache: 'private' }, maxConns: 1, maxIdleConns: 1 },
    },
  });
  const config = {
    log: { stdout: true, level: 'warn' },
    persistence: {
      ...{ defaultStore: 'default', visibilityStore: 'visibility', numHistoryShards: 1 },
      datastores: { default: store('default'), visibility: store('visibility') },
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      authorization: {
        jwtKeyProvider: { keySourceURIs: [jwksUrl], refreshInterval: '1m' },
        ...{ permissionsClaimName: 'permissions', authorizer: 'default', claimMapper: 'default' },
      },
    },
    services: listening,
    clusterMetadata: {
      ...{ enableGlobalNamespace: false, failoverVersionIncrement: 10 },
      ...{ masterClusterName: 'active', currentClusterName: 'active' },
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: address },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
  };
  const folder = join(stateDir, 'stock');
  mkdirSync(folder);
  // JSON is YAML.
  writeFileSync(join(folder, 'server.yaml'), JSON.stringify(config));
  const running = await startProcess({
    ...{ stateDir, name: 'temporal-stock', part: 'temporal', command, ports, endpoints: { address } },
    args: ['--config-file', join(folder, 'server.yaml'), 'start', ...services.flatMap((name) => ['--service', name])],
    readyWithinMs: 60_000,
    // What every client asks first; it needs no token.
    ready: async () => {
      const connection = await Connection.connect({ address, connectTimeout: 2_000 });
      await connection.close();
      return true;
    },
  });
  return { address, stop: (withinMs) => running.stop(withinMs), kill: () => running.kill() };
}
