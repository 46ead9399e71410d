import type { GroupIntent } from '../group/types.ts';

/** What the platform file says of a node's return. Structurally a part of its `RedisGroup`. */
export type RejoinIntent = GroupIntent & {
  rejoin?: { keep?: { name: string }; start?: { name: string } };
  failover: { forensics?: object };
};
