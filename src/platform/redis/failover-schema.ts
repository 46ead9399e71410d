import { z } from 'zod';
import { count, host, name, port, text } from '../schema/names.ts';
import { always } from '../schema/relaxed.ts';
import { secretRef } from '../schema/secret.ts';
import { duration, rename, size } from '../schema/units.ts';

const what = z
  .enum(['network', 'process', 'power'])
  .describe('What the fence takes from the node. All three are proofs once confirmed.');

const placeholders = '`{group}`, `{node}`, `{host}` and `{port}` stand for the node to be fenced';

/** A way to make sure that an old primary takes no more writes. */
const fence = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('refuse-writes') })
    .describe(
      'A primary that still answers is told to refuse writes. This proves nothing for a primary that cannot be reached.',
    ),
  z.strictObject({
    kind: z.literal('command'),
    name,
    what,
    fence: z.array(text).min(1).describe(`Program and arguments; ${placeholders}. It may run twice.`),
    confirm: z.array(text).min(1).describe('Exits with 0 only when the node is certainly fenced.'),
  }),
  z.strictObject({
    kind: z.literal('ssh'),
    name,
    what,
    host: text.describe(`Where the command runs; ${placeholders}.`),
    port: port.default(22),
    user: text,
    privateKey: secretRef,
    hostKey: text.describe('The host’s public key, pinned: `ssh-ed25519 AAAA…`.'),
    fence: z.array(text).min(1),
    confirm: z.array(text).min(1).describe('Exits with 0 only when the node is certainly fenced.'),
  }),
  z
    .strictObject({ kind: z.literal('lease') })
    .describe(
      'Waits until a cut-off primary has lost its replicas for longer than min-replicas-max-lag and refuses writes by itself. Holds against crash and partition, not against a primary that was frozen.',
    ),
]);

/** How an unplanned failover is decided and carried out. */
export const failover = z
  .strictObject({
    mode: z
      .enum(['observe', 'ask', 'act'])
      .default('ask')
      .describe('What a guard does about a dead primary: report it, start a failover that waits for approval, or act.'),
    vantages: z
      .array(name)
      .min(1)
      .default(['main'])
      .describe('Places that look at the primary, one per failure domain; each is a worker queue of its own.'),
    probes: count.default(3).describe('Failed probes in a row that make a vantage say “dead”.'),
    probeEvery: duration.prefault('500ms'),
    probeTimeout: duration.prefault('500ms'),
    lossLimit: size.prefault('64KiB').describe('Replication bytes that may be lost without an approval.'),
    maxLinkAge: duration
      .prefault('60s')
      .describe('A replica whose link broke longer ago than this does not become primary.'),
    antiFlap: duration.prefault('1h').describe('After a failover the next one needs an acknowledgement for this long.'),
    leaseMargin: duration
      .prefault('3s')
      .describe('Added to min-replicas-max-lag for the lease: whole seconds and a 1 Hz clock are in the way.'),
    fences: z
      .array(fence)
      .min(1)
      .default([{ kind: 'refuse-writes' }, { kind: 'lease' }])
      .describe('Tried in this order; the first confirmed one is enough.'),
    forensics: z
      .strictObject({
        kind: z.literal('folder'),
        path: text.describe(`Folder with the data of a node, as the redis worker sees it; ${placeholders}.`),
      })
      .exactOptional()
      .describe('How the append-only file of a dead primary can be read, to tell which writes are lost.'),
  })
  .superRefine(({ leaseMargin, vantages }, context) => {
    if (leaseMargin < 3_000) {
      context.addIssue({ code: 'custom', message: 'must be 3s or more (measured)', path: ['leaseMargin'] });
    }
    if (new Set(vantages).size < vantages.length) {
      context.addIssue({ code: 'custom', message: 'two vantages have one name', path: ['vantages'] });
    }
  }, always)
  .transform(
    rename({
      probeEvery: 'probeEveryMs',
      probeTimeout: 'probeTimeoutMs',
      lossLimit: 'lossLimitBytes',
      maxLinkAge: 'maxLinkAgeMs',
      antiFlap: 'antiFlapMs',
      leaseMargin: 'leaseMarginMs',
    }),
  );

/** Sentinels that watch a group, where there are any. */
export const sentinel = z
  .strictObject({
    master: text.describe('The name under which the Sentinels know the group.'),
    nodes: z.array(z.strictObject({ host, port: port.default(26_379) })).min(1),
    username: text.exactOptional(),
    password: secretRef.exactOptional(),
    tls: z.boolean().default(false).describe('Whether the Sentinels speak TLS, with the group’s settings.'),
    pause: duration
      .prefault('15s')
      .describe('How long the old primary holds writes back at most while the Sentinels fail over; it ends by itself.'),
  })
  .superRefine(({ pause }, context) => {
    if (!(pause < 15_000)) return;
    context.addIssue({ code: 'custom', message: 'must be 15s or more: it outlives a dead worker', path: ['pause'] });
  }, always)
  .transform(rename({ pause: 'pauseMs' }));

/** TLS between Gantry and the nodes of a group. */
export const tls = z.strictObject({
  ca: text.exactOptional().describe('File with the certificates that are trusted; the system’s unless given.'),
  serverName: text.exactOptional().describe('Name that the certificates carry; each node’s host unless given.'),
  cert: text.exactOptional().describe('File with the client certificate.'),
  privateKey: secretRef.exactOptional().describe('Of the client certificate.'),
});

export type RedisFailover = z.output<typeof failover>;
export type RedisFence = z.output<typeof fence>;
export type RedisSentinel = z.output<typeof sentinel>;
export type RedisTls = z.output<typeof tls>;

/** What a group gets that says nothing about failover. */
export const failoverDefaults: RedisFailover = failover.parse({});
