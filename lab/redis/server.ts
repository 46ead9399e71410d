import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findRedisServer, valkeyRoot } from '../programs.ts';

/** Whose server a node or a Sentinel of the lab is. Both are one program: `--sentinel` makes it a Sentinel. */
export type RedisServer = 'redis' | 'valkey';

/**
 * The command that starts it, to be followed by a config file. Valkey lives in a folder with a distribution of its own and
 * is run by that one's loader: no chroot, so that its files are where everybody else sees them.
 * @throws GantryError LAB_PART_MISSING
 */
export async function redisServer(server: RedisServer = 'redis'): Promise<{ command: string; args: string[] }> {
  if (server === 'redis') return { command: await findRedisServer(), args: [] };
  const root = await valkeyRoot();
  const loaders = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1'].map((path) => join(root, path));
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu', 'usr/lib'].map((path) =>
    join(root, path),
  );
  return {
    command: loaders.find((path) => existsSync(path)) ?? join(root, 'lib64/ld-linux-x86-64.so.2'),
    args: ['--library-path', libraries.join(':'), join(root, 'usr/bin/valkey-server')],
  };
}
