import { randomUUID } from 'node:crypto';
import { CreateHostedZoneCommand, Route53Client } from '@aws-sdk/client-route-53';
import { labEc2Login } from '../ec2/ec2.ts';

/** Makes a hosted zone of this name in moto: its id. */
export async function makeZone({ endpoint, name }: { endpoint: string; name: string }): Promise<string> {
  const client = new Route53Client({ region: 'us-east-1', endpoint, credentials: labEc2Login });
  try {
    const command = new CreateHostedZoneCommand({ Name: name, CallerReference: randomUUID() });
    const { HostedZone } = await client.send(command);
    return (HostedZone?.Id ?? '').replace('/hostedzone/', '');
  } finally {
    client.destroy();
  }
}
