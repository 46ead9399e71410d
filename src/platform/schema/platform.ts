import { z } from 'zod';
import { freezes, schedules, windows } from './calendar.ts';
import { clickhouse, zookeeper } from './clickhouse.ts';
import { daemons } from './daemons.ts';
import { edge, messaging, serviceDiscovery } from './edge.ts';
import { hosts } from './hosts.ts';
import { kubernetes } from './kubernetes.ts';
import { mesh } from './mesh.ts';
import { name } from './names.ts';
import { network } from './network.ts';
import { pipeline } from './observability.ts';
import { policies } from './policies.ts';
import { redis } from './redis.ts';
import { regions } from './regions.ts';
import { notify, reports } from './reporting.ts';
import { storage } from './storage.ts';

/** The platform file, whole. Only `version`, `name` and `regions` must be there: a lab says no more than it has. */
export const platform = z
  .strictObject({
    version: z.literal(1).describe('Of the form of this file.'),
    name: name.describe('Of the platform.'),
    regions: regions.describe('Regions and their zones.'),
    network: network.prefault({}).describe('Segments and the flows allowed between them.'),
    daemons: daemons.describe('The platform’s own daemons.'),
    serviceDiscovery: serviceDiscovery.exactOptional(),
    kubernetes: kubernetes.exactOptional().describe('What runs on Kubernetes, and how.'),
    mesh: mesh.prefault({}).describe('Service mesh: routes and circuit breakers.'),
    messaging: messaging.exactOptional(),
    clickhouse: clickhouse.prefault({}),
    zookeeper: zookeeper.prefault({}),
    redis: redis.prefault({}),
    hosts: hosts.prefault({}).describe('Classes of VM hosts.'),
    storage: storage.prefault({}).describe('Storage tiers, buckets and what ages from one to the next.'),
    edge: edge.exactOptional(),
    monitoring: pipeline.prefault({}).describe('Metrics: sources, collectors, stores, alerting.'),
    logging: pipeline.prefault({}).describe('Logs: sources, collectors, processing, stores.'),
    windows: windows.describe('Maintenance windows.'),
    freezes: freezes.describe('Change freezes.'),
    schedules: schedules.describe(
      'What shall run by the clock. Checked; the schedules themselves are made with `temporal schedule create`.',
    ),
    policies: policies.prefault({}).describe('Approval, reminders, soak and time limits, per kind of run.'),
    reports: reports.prefault({}),
    notify: notify.prefault({}),
  })
  .describe('The operator’s statement of intent that Gantry acts upon.');

/** A platform file after parsing: defaults filled in, durations in milliseconds, sizes in bytes. */
export type Platform = z.output<typeof platform>;
