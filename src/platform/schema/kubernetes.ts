import { z } from 'zod';
import { count, countOrNone, mapOf, name, port, text } from './names.ts';
import { duration, rename, size } from './units.ts';

const quantity = z
  .strictObject({ cpus: z.number().positive(), memory: size })
  .transform(rename({ memory: 'memoryBytes' }));

const probe = z
  .strictObject({ path: z.string().startsWith('/'), port, initialDelay: duration, period: duration })
  .transform(rename({ initialDelay: 'initialDelayMs', period: 'periodMs' }));

const environment = z.record(z.string(), z.string()).superRefine((map: object, context) => {
  for (const key of Object.keys(map)) {
    if (!/(PASSWORD|SECRET|TOKEN|CREDENTIAL)/i.test(key)) continue;
    const message = 'looks like a secret: leave it to the deployment’s own secret store';
    context.addIssue({ code: 'custom', message, path: [key] });
  }
});

const volume = z
  .strictObject({
    mountPath: z.string().startsWith('/'),
    source: z.enum(['claim', 'host-path']),
    storageClass: name.exactOptional(),
    access: z.enum(['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany']).exactOptional(),
    size: size.exactOptional(),
  })
  .transform(rename({ size: 'bytes' }));

const workload = z.strictObject({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  replicas: countOrNone.exactOptional().describe('Left out for a DaemonSet: one per matching node.'),
  image: text,
  port,
  spreadOver: text.exactOptional().describe('Topology key over which no two replicas share a place.'),
  requests: quantity,
  limits: quantity,
  environment: environment.default({}),
  liveness: probe.exactOptional(),
  readiness: probe.exactOptional(),
  fsGroup: count.exactOptional(),
  capabilities: z
    .array(z.string().regex(/^(?!CAP_)[A-Z_]+$/, { error: 'Kubernetes spells capabilities without CAP_: SYS_ADMIN' }))
    .default([]),
  hostNetwork: z.boolean().default(false),
  hostPid: z.boolean().default(false),
  devices: z.array(z.string().startsWith('/dev/')).default([]),
  volumes: mapOf(volume),
});

/** What the platform runs on Kubernetes; the key of a workload is its daemon. */
export const kubernetes = z.strictObject({
  namespace: name,
  workloads: mapOf(workload),
});
