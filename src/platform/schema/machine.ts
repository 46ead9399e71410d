import { z } from 'zod';
import { count, text } from './names.ts';
import { rename, size } from './units.ts';

/** What a disk is made of. */
export const medium = z.enum(['nvme', 'ssd', 'hdd']);

const disk = z
  .strictObject({ size, medium, count: count.default(1), purpose: text.exactOptional() })
  .transform(rename({ size: 'bytes' }));

/** The machine that a daemon or a database node needs. Used as an admission check before a node is taken in. */
export const machine = z
  .strictObject({ cpus: count, memory: size, disks: z.array(disk).default([]), networkGbps: z.number().positive() })
  .transform(rename({ memory: 'memoryBytes' }));
