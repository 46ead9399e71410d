import { z } from 'zod';
import { host, mapOf, name, port, text, url } from '../schema/names.ts';
import { always, noTwins } from '../schema/relaxed.ts';
import { secretRef } from '../schema/secret.ts';
import { failover, sentinel, tls } from './failover-schema.ts';
import { rejoin } from './rejoin-schema.ts';
import { guard } from './guard-schema.ts';
import { duration, rename, size } from '../schema/units.ts';

const node = z.strictObject({ name, host, port: port.default(6379) });

const nodes = z
  .array(node)
  .min(2, { error: 'a group needs a primary and at least one replica' })
  .superRefine(
    noTwins(
      (item) => item.name,
      (key) => `two nodes are called ${key}`,
      'name',
    ),
    always,
  )
  .superRefine(
    noTwins(
      (item) => item.host && `${item.host}:${item.port}`,
      (key) => `two nodes are at ${key}`,
      'host',
    ),
    always,
  )
  .describe('The group’s nodes. Which one is primary is what Redis says, never what this file says.');

const handover = z
  .strictObject({
    pause: duration.prefault('3s').describe('How long the old primary holds writes back (CLIENT PAUSE … WRITE).'),
    equality: duration.prefault('2s').describe('How long the offsets may take to become equal inside the pause.'),
    leaseReserve: duration
      .prefault('500ms')
      .describe('What must be left of the pause when the roles are swapped; with less, the handover is taken back.'),
    failoverTimeout: duration.prefault('5s').describe('How long the candidate may take to say that it is primary.'),
  })
  .superRefine(({ pause, equality, leaseReserve }, context) => {
    if (pause > equality + leaseReserve) return;
    const message = `the pause (${pause} ms) must be longer than equality and leaseReserve together (${equality + leaseReserve} ms)`;
    context.addIssue({ code: 'custom', message, path: ['pause'] });
  })
  .transform(
    rename({
      pause: 'pauseMs',
      equality: 'equalityMs',
      leaseReserve: 'leaseReserveMs',
      failoverTimeout: 'failoverTimeoutMs',
    }),
  );

const writeSafety = z
  .strictObject({
    minReplicasToWrite: z.int().min(0).default(1),
    minReplicasMaxLag: duration.prefault('10s').describe('Redis counts it in whole seconds.'),
  })
  .superRefine(({ minReplicasMaxLag }, context) => {
    if (minReplicasMaxLag % 1000 === 0 && minReplicasMaxLag > 0) return;
    const message = 'must be whole seconds, and not 0: with 0 Redis takes writes without any replica';
    context.addIssue({ code: 'custom', message, path: ['minReplicasMaxLag'] });
  })
  .transform(({ minReplicasToWrite, minReplicasMaxLag }) => ({
    minReplicasToWrite,
    minReplicasMaxLagSeconds: minReplicasMaxLag / 1000,
  }));

const discovery = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('http'),
      url: url.describe('Resource that names the primary: read with GET, changed with PUT.'),
      token: secretRef.exactOptional(),
    }),
    z.strictObject({
      kind: z.literal('command'),
      read: z
        .array(text)
        .min(1)
        .describe('Program and arguments that print {"primary":{"host":…,"port":…},"epoch":…}, or nothing.'),
      write: z
        .array(text)
        .min(1)
        .describe(
          'Program and arguments that take the same on standard input; exit code 9 says that a later epoch is there.',
        ),
    }),
    z
      .strictObject({ kind: z.literal('sentinel') })
      .describe('Clients ask the Sentinels that `sentinel` names; there is nothing else to redirect.'),
  ])
  .describe('How clients find the primary, so that Gantry can redirect them.');

/** One primary with its replicas, and how its primary may be handed over. */
export const redisGroup = z
  .strictObject({
    region: name,
    nodes,
    username: text.exactOptional(),
    password: secretRef.exactOptional(),
    path: z
      .enum(['direct', 'proxied'])
      .default('direct')
      .describe('`proxied`: something is between clients and Redis (connection pools, a TCP proxy).'),
    lagLimit: size
      .prefault('1MiB')
      .describe('A replica that is further behind than this is not ready to become primary.'),
    handover: handover.prefault({}),
    writeSafety: writeSafety.prefault({}),
    discovery,
    failover: failover.prefault({}),
    rejoin: rejoin
      .exactOptional()
      .describe('What helps a node to come back: programs that keep its data, and start it.'),
    guard: guard.prefault({}),
    sentinel: sentinel.exactOptional(),
    tls: tls.exactOptional(),
  })
  .superRefine((group, context) => {
    // Runs on malformed content too: the rest of the problems are listed beside these.
    const { discovery: finding, sentinel: watchers, tls: secured } = group as Partial<typeof group>;
    const refuse = (path: string[], message: string): void => context.addIssue({ code: 'custom', message, path });
    if (finding?.kind === 'sentinel' && !watchers) refuse(['discovery', 'kind'], 'needs `sentinel`: whom to ask');
    if (watchers?.tls === true && !secured) refuse(['sentinel', 'tls'], 'needs `tls`: the settings to use');
  }, always)
  .transform(rename({ lagLimit: 'lagLimitBytes' }));

/** The Redis part of the platform. */
export const redis = z.strictObject({ groups: mapOf(redisGroup) });

export type RedisGroup = z.output<typeof redisGroup>;
export type RedisNode = RedisGroup['nodes'][number];
export type RedisDiscovery = RedisGroup['discovery'];
