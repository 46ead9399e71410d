import type { ResourceRecordSet, Route53Client, RRType } from '@aws-sdk/client-route-53';
import {
  ChangeResourceRecordSetsCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
} from '@aws-sdk/client-route-53';
import type { AwsRequests } from '../aws/index.ts';
import type { AliasRecord, RecordSet, Route53 } from './types.ts';

type Verbs = Pick<Route53, 'zone' | 'records' | 'createRecords' | 'deleteRecords'>;
type Page = { StartRecordName: string; StartRecordType?: RRType; StartRecordIdentifier?: string };

/** Hosted zones and their record sets. */
export function recordVerbs({ ask, change, pages }: AwsRequests<Route53Client>): Verbs {
  const batch = async (Action: 'CREATE' | 'DELETE', zone: string, records: readonly AliasRecord[]): Promise<void> => {
    const Changes = records.map((one) => ({ Action, ResourceRecordSet: written(one) }));
    const names = records.map(({ name, setIdentifier }) => `${name}${setIdentifier ? ` (${setIdentifier})` : ''}`);
    const command = new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes } });
    await change(`${Action} ${names.join(', ')} in ${zone}`, (client, options) => client.send(command, options));
  };
  return {
    async zone(id) {
      const command = new GetHostedZoneCommand({ Id: id });
      const answer = await ask(`GetHostedZone ${id}`, (client, options) => client.send(command, options));
      const nameServers = answer.DelegationSet?.NameServers ?? [];
      return { name: plain(answer.HostedZone?.Name ?? ''), nameServers: nameServers.map(plain) };
    },
    async records(zone, name) {
      const wanted = plain(name);
      const found = await pages(
        `ListResourceRecordSets ${name} in ${zone}`,
        (client, page: Page | undefined, options) =>
          client.send(
            new ListResourceRecordSetsCommand({ HostedZoneId: zone, ...(page ?? { StartRecordName: name }) }),
            options,
          ),
        // The list is in the order of names: what comes after the name that was asked for is not read.
        ({ IsTruncated, NextRecordName, NextRecordType, NextRecordIdentifier }) =>
          IsTruncated && NextRecordName !== undefined && plain(NextRecordName) === wanted
            ? {
                StartRecordName: NextRecordName,
                ...(NextRecordType === undefined ? {} : { StartRecordType: NextRecordType }),
                ...(NextRecordIdentifier === undefined ? {} : { StartRecordIdentifier: NextRecordIdentifier }),
              }
            : undefined,
      );
      return found
        .flatMap(({ ResourceRecordSets = [] }) => ResourceRecordSets.map(read))
        .filter((one) => one.name === wanted);
    },
    createRecords: (zone, records) => batch('CREATE', zone, records),
    deleteRecords: (zone, records) => batch('DELETE', zone, records),
  };
}

/** Route 53 writes names with a dot at the end, and what is no letter, digit, dash or underscore as `\ooo`. */
function plain(name: string): string {
  const text = name.replace(/\\(\d{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return text.toLowerCase().replace(/\.$/, '');
}

function read({
  Name = '',
  Type,
  SetIdentifier,
  Weight,
  AliasTarget,
  HealthCheckId,
  ...more
}: ResourceRecordSet): RecordSet {
  const { ContinentCode, CountryCode, SubdivisionCode } = more.GeoLocation ?? {};
  const location = [ContinentCode, CountryCode, SubdivisionCode].filter(Boolean).join('/');
  return {
    ...{ name: plain(Name), type: Type ?? '' },
    ...(SetIdentifier === undefined ? {} : { setIdentifier: SetIdentifier }),
    ...(Weight === undefined ? {} : { weight: Weight }),
    ...(location === '' ? {} : { location }),
    ...(AliasTarget === undefined
      ? {}
      : {
          alias: {
            ...{ name: plain(AliasTarget.DNSName ?? ''), zoneId: AliasTarget.HostedZoneId ?? '' },
            evaluateHealth: AliasTarget.EvaluateTargetHealth === true,
          },
        }),
    ...(HealthCheckId ? { healthCheckId: HealthCheckId } : {}),
  };
}

function written({ name, type, setIdentifier, weight, alias, healthCheckId }: AliasRecord): ResourceRecordSet {
  return {
    ...{ Name: name, Type: type as RRType },
    ...(setIdentifier === undefined ? {} : { SetIdentifier: setIdentifier }),
    ...(weight === undefined ? {} : { Weight: weight }),
    ...(healthCheckId === undefined ? {} : { HealthCheckId: healthCheckId }),
    AliasTarget: { DNSName: alias.name, HostedZoneId: alias.zoneId, EvaluateTargetHealth: alias.evaluateHealth },
  };
}
