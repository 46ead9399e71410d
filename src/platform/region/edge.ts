import { z } from 'zod';
import { name, port, url } from '../schema/names.ts';
import { secretRef } from '../schema/secret.ts';
import { duration, rename } from '../schema/units.ts';

/** Access keys of an account. */
export const awsCredentials = z
  .strictObject({ accessKeyId: secretRef, secretAccessKey: secretRef, sessionToken: secretRef.exactOptional() })
  .describe('Left out: what the environment of the worker gives the AWS SDK (a role, a profile).');

const arn = (service: string) =>
  z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:\\d{12}:.+$`), {
    error: `an ARN of ${service}, arn:aws:${service}:<region>:<account>:…`,
  });

const path = z.string().regex(/^\/\S{0,254}$/, { error: 'a path that begins with /, such as /ready' });

/** As DNS compares names: without the dot at the end. */
const dnsName = z
  .string()
  .regex(/^(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, {
    error: 'a name in DNS in lower case, without a dot at the end, such as us-east-1.api.example.net',
  });

const server = z.string().regex(/^[A-Za-z0-9.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$/, {
  error: 'a name or an address, with a port if not 53',
});

const balancer = z.strictObject({
  name: z
    .string()
    .regex(/^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$/, {
      error: 'AWS takes 1 to 32 letters, digits and dashes, no dash at either end, and not internal- at the beginning',
    })
    .describe(
      'In AWS, of the load balancer and of its target group: the account has no other one of it in the region.',
    ),
  type: z
    .enum(['application', 'network'])
    .default('application')
    .describe('`application` speaks HTTP, and may have a web ACL.'),
  segment: name.describe('The network segment that it stands in, in every zone.'),
  member: name.describe('Which member of that segment it is: it has the security group of it.'),
  port: port.default(443),
  certificate: arn('acm')
    .exactOptional()
    .describe(
      'Of this region; it then speaks TLS. A rollout goes no further than its plan unless ACM has issued it for `geoAlias` and `name`, and it is valid. Gantry orders and renews none.',
    ),
});

const targets = z
  .strictObject({ segment: name, member: name, port, path: path.exactOptional() })
  .describe(
    'Where it sends what it takes: addresses that their operator registers. One is healthy that answers at `path`, or that takes a connection.',
  );

const dns = z.strictObject({
  zone: z
    .string()
    .regex(/^[A-Z0-9]{1,32}$/, { error: 'the id of a hosted zone of Route 53, such as Z0123456789ABCDEFGHIJ' }),
  name: dnsName.describe('The region’s own: an alias of its load balancer.'),
  group: dnsName.describe(
    'Weighted: one record for each region. Gantry adds that of this region with weight 0, and changes no weight.',
  ),
  geoAlias: dnsName.describe(
    'What clients ask for; by location it leads to the group. Gantry reads it and changes nothing there.',
  ),
  credentials: awsCredentials.exactOptional().describe('Where the zone is in another account than the network.'),
  authority: z.array(server).min(1).exactOptional().describe('Asked in place of the zone’s own name servers.'),
  resolvers: z.array(server).min(1).exactOptional().describe('Addresses, in place of those of the worker’s machine.'),
});

/** What of a region is seen from outside: a load balancer, and records that take no traffic yet. */
export const regionEdge = z
  .strictObject({
    endpoint: url
      .exactOptional()
      .describe('Of Elastic Load Balancing, WAF, Certificate Manager and Route 53 together; AWS’s own unless given.'),
    balancer,
    targets,
    webAcl: arn('wafv2').exactOptional().describe('Of this region. Its rules are its operator’s.'),
    healthCheck: z
      .strictObject({ path: path.exactOptional() })
      .exactOptional()
      .describe('Route 53 asks the load balancer from outside: at `path`, or whether it takes a connection.'),
    dns,
    servedWithin: duration.default(600_000).describe('Its gate is failed, or inconclusive, after this time.'),
  })
  .refine(({ balancer: { type }, webAcl }) => type === 'application' || webAcl === undefined, {
    error: 'a web ACL stands before an application load balancer alone',
    path: ['webAcl'],
  })
  .refine(({ dns: { name: own, group, geoAlias } }) => new Set([own, group, geoAlias]).size === 3, {
    error: 'name, group and geoAlias are three names: records by weight and by location cannot share one',
    path: ['dns'],
  })
  .transform(rename({ servedWithin: 'servedWithinMs' }));

export type RolloutEdge = z.output<typeof regionEdge>;
