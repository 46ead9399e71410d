import type { RecordingProxy } from '../../../lab/faults/recording-proxy.ts';
import type { RedisRig } from '../../../lab/redis/rig.ts';

/** A group of three behind recording proxies. */
export type RedisScene = { rig: RedisRig; proxies: ReadonlyMap<string, RecordingProxy> };
