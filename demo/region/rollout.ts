import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startLabEdge } from '../../lab/region/edge.ts';
import { labEdges, labRegionEnv, writeRegionPlatform } from '../../lab/region/platform.ts';
import { startLabRegions } from '../../lab/region/region.ts';
import { clean } from '../../src/cli/render/clean.ts';
import { graphSvg } from '../../src/cli/render/graph-svg.ts';
import { runMarkdown } from '../../src/cli/render/markdown.ts';
import { duration } from '../../src/cli/render/time.ts';
import { runStatus, withClient } from '../../src/client/index.ts';
import type { RunReport } from '../../src/runs/index.ts';
import { carryOut } from '../carry-out.ts';
import { say, table, title } from '../say.ts';
import type { Stage } from '../stage.ts';

/** Of the platform: three zones, two, and one without hosts. */
const regions = ['us-east-1', 'eu-west-1', 'ap-southeast-1'] as const;

/** What the demo proves, in figures. */
export type RolloutFigures = {
  outcomes: readonly string[];
  /** Of every region. */
  gates: number;
  passed: number;
  /** What the second run of the first region sent to change something: to EC2, and to the cluster. */
  secondRunWrites: number;
};

/** The three regions of the platform come up: network, components, and an edge that takes no traffic; then the first one again, which writes nothing. */
export async function demoRegionRollout(stage: Stage): Promise<RolloutFigures> {
  title('Regions: from an empty account to every gate passed');
  say('an account (moto) and a Kubernetes control plane for each of three regions start: about half a minute');
  const lab = await startLabRegions({ stateDir: stage.stateDir, regions, audit: true });
  stage.onClose(() => lab.stop());
  const reportFolder = resolve('.gantry/demo/reports');
  const edge = await startLabEdge(lab.ec2);
  stage.onClose(() => edge.stop());
  const edges = await labEdges(edge, regions);
  const { path } = writeRegionPlatform({ stateDir: stage.stateDir, regions, lab, edges, reportFolder });
  await stage.startWorkers(path, labRegionEnv(lab, regions), 'region', ['orchestration', 'region']);
  for (const region of regions) say(`${region}: Kubernetes ${lab.cluster(region).url}, four played nodes`);
  say(`Temporal: ${stage.temporal.address}, UI ${stage.temporal.uiUrl}; workers poll`);

  return withClient(stage.connection, async (client) => {
    const reports: { region: string; report: RunReport; files: readonly string[] }[] = [];
    const up = (region: string): Promise<RunReport> =>
      carryOut(stage, client, 'region.rollout', { region, reason: 'to show how it goes' });
    for (const region of regions) {
      title(`${region} comes up`);
      const report = await up(region);
      const { status } = await runStatus(client, report);
      reports.push({ region, report, files: keep(region, runMarkdown(clean(status), clean(report)), report) });
    }
    const [first] = regions;
    title(`${first} again: all of it is there`);
    const writes = (): number => lab.ec2.writes().length + lab.cluster(first).changes().length;
    const before = writes();
    const again = await up(first);
    const secondRunWrites = writes() - before;

    title('Result');
    const gates = reports.flatMap(({ report }) => gatesOf(report));
    const passed = gates.filter(({ state }) => state === 'unchanged').length;
    for (const { region, report } of reports) {
      say(`gates of ${region}:`);
      table(gatesOf(report).map(({ title: what, ms = 0, summary = '' }) => [what, `${duration(ms)}  ${summary}`]));
    }
    table([
      ...reports.map(({ region, report, files }): [string, string] => [
        region,
        `${report.outcome} in ${duration(report.ms)}, ${report.steps.length} steps; ${files.join(', ')}`,
      ]),
      ['gates passed', `${passed} of ${gates.length}`],
      [`${first} again`, `${again.outcome} in ${duration(again.ms)}; it wrote ${secondRunWrites || 'nothing'}`],
      ['Temporal UI', stage.temporal.uiUrl],
    ]);
    const outcomes = [...reports.map(({ report }) => report.outcome), again.outcome];
    return { outcomes, gates: gates.length, passed, secondRunWrites };
  });
}

function gatesOf({ steps }: RunReport) {
  return steps.filter(({ step }) => step === 'region.component-ready' || step === 'region.edge-served');
}

/** The report as a document, and its graph as a picture beside it. */
function keep(region: string, document: string, report: RunReport): string[] {
  const folder = resolve('.gantry/demo/region');
  mkdirSync(folder, { recursive: true });
  const picture = graphSvg(clean(report));
  const file = join(folder, `${region}.md`);
  writeFileSync(file, picture === undefined ? document : `${document}\n![What became of it](${region}.svg)\n`);
  if (picture === undefined) return [file];
  const image = join(folder, `${region}.svg`);
  writeFileSync(image, picture);
  return [file, image];
}
