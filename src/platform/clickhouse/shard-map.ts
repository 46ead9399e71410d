import { z } from 'zod';
import { always } from '../schema/relaxed.ts';

/** A value for each shard, by its number from 1; empty when left out. A bad key doesn't hide what is wrong with its value. */
export function shardMap<T extends z.ZodType>(value: T) {
  return z
    .record(z.string(), value)
    .superRefine((map: object, context) => {
      for (const shard of Object.keys(map)) {
        if (/^[1-9]\d*$/.test(shard)) continue;
        context.addIssue({ code: 'custom', message: 'a shard is a number from 1', path: [shard] });
      }
    }, always)
    .default({});
}
