import { z } from 'zod';
import { medium } from './machine.ts';
import { count, mapOf, name, text } from './names.ts';
import { rename, size } from './units.ts';

const disks = z
  .strictObject({ count, size, medium, role: z.enum(['os-and-jailer', 'vm-storage']) })
  .transform(rename({ size: 'bytes' }));

const density = z
  .strictObject({ cpus: count, memory: size, min: count, max: count })
  .refine(({ min, max }) => min <= max, { error: 'min is greater than max', path: ['min'] })
  .transform(rename({ memory: 'memoryBytes' }));

const hostClass = z
  .strictObject({
    cpus: count,
    cpuModels: z.array(text).default([]),
    memory: size,
    eccMemory: z.boolean(),
    disks: z.array(disks).min(1),
    nics: z.strictObject({ count, gbps: z.number().positive(), bonded: z.boolean() }),
    sriov: z.boolean(),
    densities: mapOf(density).describe(
      'VMs of one shape that a host of this class carries, when it carries nothing else.',
    ),
  })
  .transform(rename({ memory: 'memoryBytes' }));

const pool = z.strictObject({ zone: name, class: name });

/** Classes of VM hosts, and which class a zone takes. The hosts themselves are nodes of Kubernetes, not lines here. */
export const hosts = z.strictObject({ classes: mapOf(hostClass), pools: z.array(pool).default([]) });
