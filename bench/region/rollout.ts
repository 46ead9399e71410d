import { startWorkerProcess } from '../../demo/worker-process.ts';
import { labRegionEnv, writeRegionPlatform } from '../../lab/region/platform.ts';
import { startLabRegions } from '../../lab/region/region.ts';
import { graphOf } from '../../src/cli/render/graph.ts';
import { defineBench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { benchServer, carryOut, countOf } from '../gantry.ts';
import { oneMinuteLoad, rounded } from '../statistics.ts';
import { criticalPath } from './critical-path.ts';
import { watchReadiness } from './ready-times.ts';

const region = 'us-east-1';

type RolloutResult = {
  bench: 'region-rollout';
  /** The longest way through the graph, by when the API server called each component ready, to what the run took for the graph. */
  criticalPathEfficiency: number;
  criticalPathMs: number;
  graphMs: number;
  /** With admission and plan. */
  runMs: number;
  criticalPath: readonly string[];
  /** Requests of the second run that changed anything, in EC2 and in the cluster. */
  secondRunWrites: number;
  secondRunMs: number;
  components: number;
  readyAfterS: number;
  load: readonly [number, number];
};

/** A region from nothing, and the same again. */
export const regionRollout = defineBench<RolloutResult>({
  name: 'region-rollout',
  summary:
    'a region from nothing: how near a rollout comes to the longest way of its graph, and what a second one writes',
  settings: [
    'moto in the place of EC2; a Kubernetes control plane of etcd, API server, controller-manager and scheduler as they are',
    'four Nodes played by kwok; a pod is ready --ready-after seconds after it was placed',
    'workers in a process of their own; the platform of platform.example.yaml, us-east-1, without Istio’s kinds',
  ],
  options: { 'ready-after': { type: 'string', help: 'whole seconds that a pod takes to be ready; 10 unless given' } },
  async run(options, say) {
    const readyAfterS = countOf(options, 'ready-after', 10);
    const loadBefore = oneMinuteLoad();
    const { stateDir, temporal, client } = await benchServer();
    say('an account (moto) and a control plane start');
    const regions = [region];
    const lab = await startLabRegions({ stateDir, regions, audit: true, podsReadyAfterMs: readyAfterS * 1_000 });
    atEnd(() => lab.stop());
    const policies = { default: { approval: { people: 0 } } };
    const { path } = writeRegionPlatform({ stateDir, regions, lab, policies });
    const workers = await startWorkerProcess({
      ...{ stateDir, platformFile: path, env: labRegionEnv(lab, regions), domain: 'region' as const },
      connection: { address: temporal.address, namespace: temporal.namespace, options: { address: temporal.address } },
      roles: ['orchestration', 'region'],
    });
    atEnd(() => workers.stop());
    const rollout = () => carryOut(client, 'regionRollout', { workflowId: `region/${region}`, input: { region } });

    say(`${region} comes up; its pods take ${readyAfterS} s`);
    const watch = watchReadiness(lab.cluster(region).as('admin'), 'unkey-deploy');
    const first = await rollout();
    const readyAt = await watch.stop();
    const graph = graphOf(first);
    if (!graph) throw new Error('the plan shows no graph');
    const { ms, path: way, wallMs } = criticalPath(first, graph, readyAt);
    say(`${rounded(wallMs / 1_000, 1)} s; the longest way is ${rounded(ms / 1_000, 1)} s: ${way.join(' → ')}`);

    const writes = (): number => lab.ec2.writes().length + lab.cluster(region).changes().length;
    const before = writes();
    const second = await rollout();
    return {
      ...{ bench: 'region-rollout', criticalPathEfficiency: rounded(ms / wallMs, 3) },
      ...{ criticalPathMs: rounded(ms, 0), graphMs: rounded(wallMs, 0), runMs: first.ms, criticalPath: way },
      ...{ secondRunWrites: writes() - before, secondRunMs: second.ms, components: graph.nodes.length - 1 },
      ...{ readyAfterS, load: [loadBefore, oneMinuteLoad()] },
    };
  },
  table: (result) => [
    `graph            ${rounded(result.graphMs / 1_000, 1)} s, ${result.components} components`,
    `its longest way  ${rounded(result.criticalPathMs / 1_000, 1)} s: ${result.criticalPath.join(' → ')}`,
    `efficiency       ${result.criticalPathEfficiency}`,
    `whole run        ${rounded(result.runMs / 1_000, 1)} s`,
    `the same again   ${rounded(result.secondRunMs / 1_000, 1)} s, ${result.secondRunWrites} writes`,
  ],
});
