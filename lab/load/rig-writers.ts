import type { RedisRig } from '../redis/rig.ts';
import type { WriterProcess } from './redis-writer-process.ts';
import { startWriterProcess } from './redis-writer-process.ts';
import type { WritersOptions } from './redis-writers.ts';

/** Writers, in a process of their own, on the group of a rig: they find its primary as clients do. */
export function startRigWriters(rig: RedisRig, options: Partial<WritersOptions> = {}): Promise<WriterProcess> {
  const { nodes, password } = rig.group;
  return startWriterProcess({
    discoveryUrl: rig.discoveryUrl,
    group: rig.groupName,
    ...(password === undefined ? {} : { password }),
    nodeNames: Object.fromEntries(nodes.map(({ name, host, port }) => [`${host}:${port}`, name])),
    ...options,
  });
}
