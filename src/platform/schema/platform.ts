import { z } from 'zod';
import { archives } from '../archive/schema.ts';
import { approvals } from './approvals.ts';
import { freezes, schedules, windows } from './calendar.ts';
import { clickhouse, zookeeper } from '../clickhouse/schema.ts';
import { daemons } from './daemons.ts';
import { edge, messaging, serviceDiscovery } from './edge.ts';
import { hosts } from '../host/schema.ts';
import { kubernetes } from './kubernetes.ts';
import { mesh } from './mesh.ts';
import { name } from './names.ts';
import { network } from './network.ts';
import { pipeline } from './observability.ts';
import { policies } from './policies.ts';
import { redis } from '../redis/schema.ts';
import { regions } from './regions.ts';
import { rollout } from '../region/schema.ts';
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
    hosts: hosts.prefault({}).describe('VM hosts: their classes, and the inventory by serial number.'),
    storage: storage.prefault({}).describe('Storage tiers, buckets and what ages from one to the next.'),
    archive: archives.prefault({}).describe('Backups: where they go, what is in them, how they are brought back.'),
    rollout: rollout.prefault({}).describe('What region.rollout makes: networks, and the graph of components.'),
    edge: edge.exactOptional(),
    monitoring: pipeline.prefault({}).describe('Metrics: sources, collectors, stores, alerting.'),
    logging: pipeline.prefault({}).describe('Logs: sources, collectors, processing, stores.'),
    windows: windows.describe('Maintenance windows.'),
    freezes: freezes.describe('Change freezes.'),
    schedules: schedules.describe(
      'What runs by the clock. `gantry schedules sync` makes the schedules in Temporal as they are declared here.',
    ),
    policies: policies.prefault({}).describe('Approval, reminders, soak and time limits, per kind of run.'),
    approvals: approvals.prefault({}).describe('How workers know that an approval came through the API.'),
    reports: reports.prefault({}),
    notify: notify.prefault({}),
  })
  .describe('The operator’s statement of intent that Gantry acts upon.');

/** A platform file after parsing: defaults filled in, durations in milliseconds, sizes in bytes. */
export type Platform = z.output<typeof platform>;
