import { expect, test } from 'vitest';
import { criticalPath } from '../../bench/region/critical-path.ts';
import type { StepRecord } from '../../src/runs/index.ts';

const start = Date.parse('2026-03-01T10:00:00.000Z');

function step(title: string, name: string, atMs: number, ms: number, workload?: string): StepRecord {
  const after = workload === undefined ? {} : { after: { workloads: [{ words: `${workload}: 1 of 1 available` }] } };
  const startedAt = new Date(start + atMs).toISOString();
  return { title, step: `region.${name}`, state: 'done', changed: true, startedAt, ms, ...after };
}

test('a component costs its call and the time until it was ready, not until that was seen; the longest way counts', () => {
  const steps = [
    step('make the VPC', 'make-vpc', 0, 100),
    step('make the security groups', 'make-groups', 100, 300),
    step('make the subnets of a', 'make-subnets', 100, 200),
    step('set the routes of a', 'make-routes', 300, 200),
    step('apply slow', 'apply-component', 500, 50),
    step('slow is ready', 'component-ready', 550, 5_000, 'Deployment slow'),
    step('apply quick', 'apply-component', 500, 50),
    step('quick is ready', 'component-ready', 550, 500, 'Deployment quick'),
    step('apply last', 'apply-component', 5_550, 50),
    step('last is ready', 'component-ready', 5_600, 400, 'StatefulSet last'),
  ];
  const nodes = ['network', 'slow', 'quick', 'last'];
  const edges = [
    ['network', 'slow'],
    ['network', 'quick'],
    ['slow', 'last'],
    ['quick', 'last'],
  ] as const;
  const readyAt = new Map([
    ['Deployment/slow', start + 4_500],
    ['Deployment/quick', start + 800],
    ['StatefulSet/last', start + 5_950],
  ]);
  expect(criticalPath({ steps }, { nodes, edges }, readyAt)).toEqual({
    path: ['network', 'slow', 'last'],
    ms: 500 + 4_000 + 400,
    wallMs: 6_000,
  });
});

test('a component that was never seen ready is no measurement', () => {
  const steps = [
    step('apply a', 'apply-component', 0, 50),
    step('a is ready', 'component-ready', 50, 100, 'Deployment a'),
  ];
  expect(() => criticalPath({ steps }, { nodes: ['a'], edges: [] }, new Map())).toThrow(/a was never seen ready/);
});
