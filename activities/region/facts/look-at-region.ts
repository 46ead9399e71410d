import type { Ec2 } from '../../../src/drivers/ec2/index.ts';
import type { Finding, MeantRegion, RolloutExtent, RolloutFacts } from '../../../src/planning/region/index.ts';
import { regionAsMeant, securityGroups, securityRules } from '../../../src/planning/region/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { isOwn, ownName } from '../access/tags.ts';
import { meantOf } from '../components/meant.ts';
import { tryComponents } from '../components/try-components.ts';
import { edgeFacts } from '../edge/facts.ts';
import { tryMetrics } from '../metrics/try-metrics.ts';
import { compareRules, rulesThere } from '../network/set-rules.ts';

/** What the file says of a region, and what of it is there. @throws REGION_UNKNOWN, EC2_…, KUBERNETES_… */
export async function lookAtRegion(
  deps: RegionDeps,
  region: string,
  extent: RolloutExtent,
  signal: AbortSignal,
): Promise<{ meant: MeantRegion; facts: RolloutFacts }> {
  const { throughWave = Infinity } = extent;
  const { meant, rendered: all, findings } = await meantOf(deps, region);
  const waves = new Map(meant.components.map(({ name, wave }) => [name, wave]));
  const rendered = new Map([...all].filter(([name]) => (waves.get(name) ?? 0) <= throughWave));
  const cluster = deps.cluster(region, signal);
  if (!cluster && rendered.size > 0)
    findings.push({
      code: 'REGION_NO_CLUSTER',
      message: `${rendered.size} components have manifests, and ${region} has no Kubernetes API`,
      place: `rollout.regions.${region}`,
    });
  const client = deps.ec2(region, { signal });
  try {
    const account = await accountOf(region, deps, client);
    const tried = cluster ? await tryComponents(cluster, rendered) : { standing: {}, findings: [] };
    const { edge: meantEdge, components } = regionAsMeant(meant, extent);
    const edge = await edgeFacts(meantEdge, deps, signal);
    const metrics = await tryMetrics(deps, region, components, signal);
    return {
      meant,
      facts: {
        ...account,
        ...{ standing: tried.standing, edge: edge.standing },
        ...(metrics.untried === undefined ? {} : { metricsUntried: metrics.untried }),
        findings: [...findings, ...account.findings, ...tried.findings, ...edge.findings, ...metrics.findings],
      },
    };
  } finally {
    client.close();
  }
}

type Account = Omit<RolloutFacts, 'standing' | 'edge'>;

async function accountOf(region: string, deps: RegionDeps, client: Ec2): Promise<Account> {
  const { owner, intent } = deps;
  const vpcs = (await client.vpcs()).map(({ id, cidr, isDefault, tags }) => ({
    ...{ id, cidr, isDefault },
    own: isOwn(owner, region, { tags }),
  }));
  const all = await client.addresses();
  const quota = await client.addressQuota();
  const own = vpcs.filter((one) => one.own);
  const [vpc] = own;
  const addresses = {
    ...(quota === undefined ? {} : { quota }),
    there: all.length,
    own: all.filter((one) => isOwn(owner, region, one)).length,
  };
  if (!vpc || own.length > 1) return { vpcs, subnets: [], addresses, findings: [] };
  const subnets = (await client.subnets(vpc.id)).map((one) => {
    const segment = ownName(owner, region, one)?.split('/').at(-1);
    return { id: one.id, cidr: one.cidr, zone: one.zone, ...(segment === undefined ? {} : { segment }) };
  });
  const { network } = intent(region);
  const rules = { region, groups: securityGroups(network), rules: securityRules(network) };
  const { foreign } = compareRules(
    rules,
    (await rulesThere(rules, deps, client)).filter((one) => one.rule ?? one.own),
  );
  const findings = foreign.map((one): Finding => ({ code: 'REGION_RULE_FOREIGN', message: `no flow allows: ${one}` }));
  return { vpcs, subnets, addresses, findings };
}
