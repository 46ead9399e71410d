import type { RegionEdge } from '../../../src/runs/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { attachWebAcl } from './attach-web-acl.ts';
import { certificateFits } from './certificate-fits.ts';
import { edgeServed } from './edge-served.ts';
import { makeHealthCheck } from './make-health-check.ts';
import { makeListener } from './make-listener.ts';
import { makeLoadBalancer } from './make-load-balancer.ts';
import { makeTargetGroup } from './make-target-group.ts';
import { setEdgeRecords } from './set-edge-records.ts';

/** A part of the edge, and how a step would find it. */
export type EdgeLook = { place: string; look: () => Promise<Probe<unknown>> };

/** What a rollout would make of the edge, as its steps look at it, and its certificate, which is valid for `leastMs` more. */
export function looksAtEdge(of: RegionEdge, deps: RegionDeps, context: StepContext, leastMs = 0): EdgeLook[] {
  const { certificate } = of.balancer;
  return [
    ...(certificate === undefined
      ? []
      : [{ place: 'certificate', look: () => certificateFits(of, certificate, deps, context, leastMs) }]),
    { place: 'target group', look: async () => makeTargetGroup.probe(of, deps, context) },
    { place: 'load balancer', look: async () => makeLoadBalancer.probe(of, deps, context) },
    { place: 'listener', look: async () => makeListener.probe(of, deps, context) },
    ...(of.webAcl === undefined ? [] : [{ place: 'web ACL', look: async () => attachWebAcl.probe(of, deps, context) }]),
    ...(of.health ? [{ place: 'health check', look: async () => makeHealthCheck.probe(of, deps, context) }] : []),
    { place: 'records', look: async () => setEdgeRecords.probe(of, deps, context) },
  ];
}

/** And what the authority serves of it. */
export function lookAtAnswers(of: RegionEdge, deps: RegionDeps, context: StepContext): EdgeLook {
  return { place: 'answers of the authority', look: async () => edgeServed.probe(of, deps, context) };
}
