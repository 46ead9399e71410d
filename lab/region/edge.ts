import { ACMClient, ImportCertificateCommand } from '@aws-sdk/client-acm';
import { CreateWebACLCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { startAuthority } from '../dns/authority.ts';
import { makeZone } from '../dns/zone.ts';
import { labEc2Login } from '../ec2/ec2.ts';
import { makeCertificate } from '../tls.ts';

/** What the edges of the lab's regions are made in, besides their account. */
export type LabEdge = {
  /** Of a region as the example has it: the lab's zone, name server and web ACL, where it asks for one. */
  of: (region: string, example: ExampleEdge) => Promise<object>;
  stop: () => Promise<void>;
};

/** As the example writes it. */
export type ExampleEdge = {
  balancer: { certificate?: string } & object;
  webAcl?: string;
  dns: { name: string } & object;
};

/** A hosted zone in moto, and a name server that answers from its records. `direct`: past any proxy. */
export async function startLabEdge({ endpoint, direct }: { endpoint: string; direct: string }): Promise<LabEdge> {
  const authority = await startAuthority({ endpoint: direct });
  const zone = await makeZone({ endpoint: direct, name: 'example.net' });
  const { server } = authority;
  return {
    of: async (region, { webAcl, ...edge }) => ({
      ...{ ...edge, endpoint },
      balancer: {
        ...edge.balancer,
        ...(edge.balancer.certificate === undefined
          ? {}
          : {
              certificate: await importCertificate({
                endpoint: direct,
                region,
                names: ['*.api.example.net', 'api.example.net'],
              }),
            }),
      },
      ...(webAcl === undefined ? {} : { webAcl: await makeWebAcl({ endpoint: direct, region, name: 'edge' }) }),
      dns: { ...edge.dns, zone, authority: [server], resolvers: [server] },
    }),
    stop: () => authority.stop(),
  };
}

/** A certificate for these names, which ACM holds as one that was imported: its ARN. */
export async function importCertificate(of: {
  endpoint: string;
  region: string;
  names: readonly string[];
  days?: number;
}): Promise<string> {
  const { endpoint, region, names, days = 365 } = of;
  const { certificate, key } = makeCertificate(names, days);
  const client = new ACMClient({ region, endpoint, credentials: labEc2Login });
  try {
    const command = new ImportCertificateCommand({
      Certificate: Buffer.from(certificate),
      PrivateKey: Buffer.from(key),
    });
    return (await client.send(command)).CertificateArn ?? '';
  } finally {
    client.destroy();
  }
}

/** A web ACL that lets everything through: its ARN. */
export async function makeWebAcl(of: { endpoint: string; region: string; name: string }): Promise<string> {
  const { endpoint, region, name } = of;
  const client = new WAFV2Client({ region, endpoint, credentials: labEc2Login });
  try {
    const command = new CreateWebACLCommand({
      ...{ Name: name, Scope: 'REGIONAL', DefaultAction: { Allow: {} } },
      VisibilityConfig: { SampledRequestsEnabled: false, CloudWatchMetricsEnabled: false, MetricName: name },
    });
    return (await client.send(command)).Summary?.ARN ?? '';
  } finally {
    client.destroy();
  }
}
