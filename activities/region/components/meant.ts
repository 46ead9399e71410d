import type { Finding, IntendedComponent, MeantRegion } from '../../../src/planning/region/index.ts';
import type { RegionDeps } from '../access/access.ts';
import type { RolloutComponent } from '../../../src/platform/index.ts';
import { metricsWithinMs, selectorsOf } from '../../../src/platform/index.ts';
import { problemsOf } from './problems.ts';
import type { Rendered } from './render.ts';
import { render } from './render.ts';

/** What the file and the catalogue say of a region, and what of it cannot be rendered. @throws REGION_UNKNOWN */
export async function meantOf(
  deps: RegionDeps,
  region: string,
): Promise<{ meant: MeantRegion; rendered: ReadonlyMap<string, Rendered>; findings: Finding[] }> {
  const { config, network, components, pools, stores } = deps.intent(region);
  const findings: Finding[] = [];
  const rendered = new Map<string, Rendered>();
  for (const [name, { manifest }] of Object.entries(components)) {
    if (manifest === undefined) continue;
    try {
      rendered.set(name, await render(deps, region, name));
    } catch (error) {
      findings.push(...problemsOf(error));
    }
  }
  const intended = Object.entries(components).map(([name, one]): IntendedComponent => {
    const own = rendered.get(name);
    return {
      ...{ name, after: one.after, wave: one.wave, readyWithinMs: one.readyWithinMs },
      ...(one.metrics === undefined ? {} : { metrics: metricsOf(one) }),
      ...(one.external === undefined ? {} : { external: one.external }),
      ...(own ? { rendered: { digest: own.digest, objects: own.names } } : {}),
    };
  });
  return {
    meant: {
      ...{ region, cidr: config.cidr, zones: config.zones, network, components: intended, pools },
      stores: { of: stores, withinMs: config.storesWithinMs },
      ...(config.edge ? { edge: config.edge } : {}),
    },
    ...{ rendered, findings },
  };
}

function metricsOf({
  metrics = {},
  metricsWithinMs: withinMs = metricsWithinMs,
}: RolloutComponent): NonNullable<IntendedComponent['metrics']> {
  const of = Object.entries(metrics).map(([name, gate]) => ({
    ...{ name, ...gate, selectors: selectorsOf(gate.query) ?? [] },
  }));
  return { of, withinMs };
}
