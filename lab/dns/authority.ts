import { createSocket } from 'node:dgram';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { ListHostedZonesCommand, ListResourceRecordSetsCommand, Route53Client } from '@aws-sdk/client-route-53';
import { decode, encode } from 'dns-packet';
import { labEc2Login } from '../ec2/ec2.ts';
import { addressesOfBalancer, plain, pick } from './records.ts';

/** A name server of the lab. */
export type LabAuthority = {
  /** `127.0.0.1:<port>`. */
  readonly server: string;
  /** Names that were asked for, in their order. */
  readonly asked: readonly string[];
  /** What the API accepted of this name is not served: the server says that there is no such name. */
  withhold(name: string): void;
  /** It takes questions and gives no answer. */
  fallSilent(): void;
  /** No faults any more. */
  heal(): void;
  stop(): Promise<void>;
};

const noSuchName = 3;
const refused = 5;
/** A chain of aliases that is longer is a circle. */
const mostAliases = 8;

/**
 * A real DNS server on loopback, over UDP, that answers from the record sets of moto's Route 53 as they are at that moment: aliases are followed,
 * of weighted records one is chosen by Route 53's rule. The name of a load balancer has an address that is made of the name.
 * It knows records of type A alone, asks nobody about the health of anything, and takes the first of several locations.
 */
export async function startAuthority({ endpoint }: { endpoint: string }): Promise<LabAuthority> {
  const route53 = new Route53Client({ region: 'us-east-1', endpoint, credentials: labEc2Login, maxAttempts: 1 });
  const asked: string[] = [];
  const withheld = new Set<string>();
  let isSilent = false;

  const recordsOf = async (name: string): Promise<ResourceRecordSet[] | undefined> => {
    const { HostedZones = [] } = await route53.send(new ListHostedZonesCommand({}));
    const zone = HostedZones.filter((one) => `.${name}`.endsWith(`.${plain(one.Name)}`)).sort(
      (a, b) => plain(b.Name).length - plain(a.Name).length,
    )[0];
    if (!zone) return undefined;
    const { ResourceRecordSets = [] } = await route53.send(
      new ListResourceRecordSetsCommand({ HostedZoneId: zone.Id }),
    );
    return ResourceRecordSets.filter((one) => plain(one.Name) === name);
  };
  /** Addresses; a number is the code of a refusal. */
  const answerTo = async (name: string, left = mostAliases): Promise<readonly string[] | number> => {
    if (withheld.has(name)) return noSuchName;
    const balancer = addressesOfBalancer(name);
    if (balancer) return balancer;
    const records = await recordsOf(name);
    if (!records) return refused;
    if (records.length === 0) return noSuchName;
    const chosen = pick(records.filter(({ Type }) => Type === 'A'));
    if (!chosen || left === 0) return [];
    if (chosen.AliasTarget) return answerTo(plain(chosen.AliasTarget.DNSName), left - 1);
    return (chosen.ResourceRecords ?? []).flatMap(({ Value }) => (Value ? [Value] : []));
  };

  const socket = createSocket('udp4');
  const reply = async (message: Buffer, port: number, address: string): Promise<void> => {
    const query = decode(message);
    const [question] = query.questions ?? [];
    if (!question || isSilent) return;
    asked.push(plain(question.name));
    const found = question.type === 'A' ? await answerTo(plain(question.name)) : [];
    const answers = typeof found === 'number' ? [] : found;
    const authoritative = 0x0400;
    const packet = encode({
      ...{ type: 'response', id: query.id ?? 0, questions: [question] },
      flags: authoritative | (typeof found === 'number' ? found : 0),
      answers: answers.map((data) => ({ type: 'A', class: 'IN', name: question.name, ttl: 60, data })),
    });
    socket.send(packet, port, address);
  };
  // What it cannot answer it does not answer: the one who asked finds out by the time.
  socket.on('message', (message, from) => void reply(message, from.port, from.address).catch(() => undefined));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', resolve);
  });
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    withhold: (name) => void withheld.add(plain(name)),
    fallSilent: () => void (isSilent = true),
    heal: () => {
      withheld.clear();
      isSilent = false;
    },
    async stop() {
      await new Promise<void>((resolve) => socket.close(() => resolve()));
      route53.destroy();
    },
  };
}
