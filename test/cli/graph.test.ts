import { expect, it } from 'vitest';
import { depthsOf, graphOf } from '../../src/cli/render/graph.ts';
import { graphSvg } from '../../src/cli/render/graph-svg.ts';
import type { StepRecord } from '../../src/runs/index.ts';
import { plan, report } from './statuses.ts';

const value = 'graph LR\nnetwork --> settings\nsettings --> gateway\nnetwork --> gateway';
const drawn = { ...plan, facts: [{ label: 'graph', value }] };

function step(title: string, name: string, change: Partial<StepRecord> = {}): StepRecord {
  const at = { startedAt: '2026-03-01T10:00:00.000Z', ms: 1_000 };
  return { title, step: name, state: 'done', changed: true, ...at, ...change };
}

const steps = [
  step('make the VPC', 'region.make-vpc'),
  step('apply settings', 'region.apply-component'),
  step('settings is ready', 'region.component-ready', {
    ...{ state: 'unchanged', changed: false, summary: 'Deployment <settings>: 1 of 1 available' },
    ...{ startedAt: '2026-03-01T10:00:01.000Z', ms: 4_000 },
  }),
];

it('a graph is read from the plan, and each node has its place on the longest way', () => {
  const graph = graphOf({ plan: drawn });
  expect(graph?.nodes).toEqual(['network', 'settings', 'gateway']);
  expect(graph && [...depthsOf(graph)]).toEqual([
    ['network', 0],
    ['settings', 1],
    ['gateway', 2],
  ]);
});

it('its picture shows what became of each node, how long that took, and no markup of anyone else’s', () => {
  const picture = graphSvg(report({ plan: drawn, steps }));
  expect(picture).toContain('>settings</text>');
  expect(picture).toContain('done, 5.0 s');
  expect(picture).toContain('not begun');
  expect(picture).toContain('Deployment &lt;settings&gt;');
  expect(picture?.match(/<path /g)).toHaveLength(3);
});

it('there is no picture of a plan without a graph', () => {
  expect(graphSvg(report({ plan, steps }))).toBeUndefined();
});
