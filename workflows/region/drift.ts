import type { RegionActivities } from '../../activities/region/index.ts';
import type { ErrorCode } from '../../src/errors/index.ts';
import type { DriftVerdict, Finding, PlannedStep, RegionDriftInput, RunReport } from '../../src/runs/index.ts';
import type { StepRef } from '../run/call.ts';
import { domainRefs } from '../run/call.ts';
import { failWithFindings } from '../run/findings.ts';
import { openRun } from '../run/open-run.ts';

const region = domainRefs<RegionActivities, 'region'>('region');

/** What cannot be asked is a finding; a run that parks would hold the region, and a rollout with it. */
const noAnswer: readonly ErrorCode[] = [
  ...(['EC2_UNREACHABLE', 'EC2_THROTTLED', 'EC2_AUTH_FAILED', 'EC2_NO_PERMISSION', 'EC2_REFUSED'] as const),
  ...(['KUBERNETES_UNREACHABLE', 'KUBERNETES_UNAVAILABLE', 'KUBERNETES_FORBIDDEN'] as const),
  ...(['KUBERNETES_AUTHORITY_UNREADABLE', 'KUBERNETES_UNEXPECTED_ANSWER'] as const),
  ...([
    'AWS_UNREACHABLE',
    'AWS_THROTTLED',
    'AWS_AUTH_FAILED',
    'AWS_NO_PERMISSION',
    'AWS_MISSING',
    'AWS_REFUSED',
  ] as const),
  ...(['REGION_DUPLICATE', 'REGION_NO_CLUSTER', 'REGION_PLAN_STALE', 'SECRET_NOT_FOUND'] as const),
];

/**
 * Compares a region with the platform file and changes nothing. What differs, and what gave no answer, fails the run, and people are told.
 * Runbook: docs/region/drift.md.
 */
export async function regionDrift(input: RegionDriftInput): Promise<RunReport> {
  return openRun('region.drift', input, async (run) => {
    const { data } = await run.plan(region.planDrift, input);
    const compare = <I>(
      title: string,
      place: string,
      ref: StepRef<I, DriftVerdict, PlannedStep<'region.drift'>>,
      of: I,
    ): Promise<readonly Finding[]> =>
      run.ifItFails(
        noAnswer,
        async () => {
          const seen = await run.step(title, ref, of, { profile: 'slow' });
          // One that a person had skip its look has seen nothing, which is no good news either.
          if (!seen) return [{ code: 'REGION_DRIFT', message: `${place}: nothing was looked at`, place }];
          run.measure(`compared.${place}`, seen.after.compared);
          return seen.after.findings;
        },
        async ({ code, message }) => [{ code, message, place }],
      );
    const findings = [
      ...(await compare('compare the network', 'network', region.compareNetwork, data)),
      ...(await compare('compare the components', 'components', region.compareComponents, data)),
      ...(data.edge ? await compare('compare the edge', 'edge', region.compareEdge, data.edge) : []),
    ];
    failWithFindings(run, findings);
  });
}
