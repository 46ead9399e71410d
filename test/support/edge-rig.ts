import {
  ChangeResourceRecordSetsCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
} from '@aws-sdk/client-route-53';
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest';
import type { LabAuthority } from '../../lab/dns/authority.ts';
import { startAuthority } from '../../lab/dns/authority.ts';
import { makeZone } from '../../lab/dns/zone.ts';
import { labEc2Login } from '../../lab/ec2/ec2.ts';
import { makeWebAcl } from '../../lab/region/edge.ts';
import type { AwsOptions } from '../../src/drivers/aws/index.ts';
import type { Elb } from '../../src/drivers/elb/index.ts';
import { connectElb } from '../../src/drivers/elb/index.ts';
import type { Route53 } from '../../src/drivers/route53/index.ts';
import { connectRoute53 } from '../../src/drivers/route53/index.ts';
import type { Waf } from '../../src/drivers/waf/index.ts';
import { connectWaf } from '../../src/drivers/waf/index.ts';
import type { Ec2Rig } from './ec2-rig.ts';
import { ec2Rig } from './ec2-rig.ts';

/** EC2 and what a region's edge is made in, with a name server that answers from its records. */
export type EdgeRig = Ec2Rig & {
  readonly authority: LabAuthority;
  elb(region?: string, options?: AwsOptions): Elb;
  waf(region?: string, options?: AwsOptions): Waf;
  route53(options?: AwsOptions): Route53;
  /** A hosted zone of this name: its id. */
  zone(name: string): Promise<string>;
  /** Another client gives a member of a weighted group this weight. */
  weigh(zone: string, name: string, setIdentifier: string, weight: number): Promise<void>;
  /** A web ACL that lets everything through: its ARN. */
  webAcl(region: string, name: string): Promise<string>;
};

/** Shared by the tests of one file; faults end with each test. Call it in `describe`. */
export function edgeRig(): EdgeRig {
  const rig = ec2Rig();
  let authority: LabAuthority | undefined;
  beforeAll(async () => void (authority = await startAuthority({ endpoint: rig.ec2.direct })));
  afterEach(() => authority?.heal());
  afterAll(() => authority?.stop());
  const closing = <T extends { close: () => void }>(client: T): T => {
    onTestFinished(() => client.close());
    return client;
  };
  const at = (region: string) => ({ region, endpoint: rig.ec2.endpoint });
  const direct = (region: string) => ({ region, endpoint: rig.ec2.direct, credentials: labEc2Login });
  const quick = (options: AwsOptions): AwsOptions => ({ firstPauseMs: 5, ...options });
  return {
    get ec2() {
      return rig.ec2;
    },
    get authority() {
      if (authority) return authority;
      throw new Error('the authority starts before the tests, not before them');
    },
    open: (...of) => rig.open(...of),
    elb: (region = 'us-east-1', options = {}) => closing(connectElb(at(region), labEc2Login, quick(options))),
    waf: (region = 'us-east-1', options = {}) => closing(connectWaf(at(region), labEc2Login, quick(options))),
    route53: (options = {}) => closing(connectRoute53(at('us-east-1'), labEc2Login, quick(options))),
    zone: (name) => makeZone({ endpoint: rig.ec2.direct, name }),
    async weigh(zone, name, setIdentifier, weight) {
      const client = new Route53Client(direct('us-east-1'));
      const listed = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: zone }));
      const found = (listed.ResourceRecordSets ?? []).find(
        (one) => one.Name === `${name}.` && one.SetIdentifier === setIdentifier,
      );
      if (!found) throw new Error(`${name} has no member ${setIdentifier}`);
      const Changes = [{ Action: 'UPSERT' as const, ResourceRecordSet: { ...found, Weight: weight } }];
      await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes } }));
      client.destroy();
    },
    webAcl: (region, name) => makeWebAcl({ endpoint: rig.ec2.direct, region, name }),
  };
}
