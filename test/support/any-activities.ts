import { activityInfo } from '@temporalio/activity';
import { entries } from '../../src/registry/index.ts';
import type { Kind, PlanCall, RunInput } from '../../src/runs/index.ts';
import { domains } from '../../src/runs/index.ts';
import { defineStep, done, plainActivity, sealPlan, stepActivity } from '../../src/steps/index.ts';
import { buildBundle } from '../../workers/bundle.ts';
import type { RigParts } from './access-rig.ts';
import { oneDigest } from './one-digest.ts';

/**
 * What the bodies read of their plans before they ask: each that is missing here would make its workflow fail for ever. A new
 * kind whose body reads more names it here.
 */
const data: Partial<Record<Kind, object>> = {
  'clickhouse.tier': { overdue: [], idle: false },
  'clickhouse.rebalance': { moves: [{}] },
  'host.conformance': { chunks: [] },
};

/** A planner for every kind: what its run does after the approval is no matter of the way in. */
const plan = plainActivity(async (call: PlanCall<RunInput>) =>
  sealPlan(
    {
      ...{ title: `${call.kind} of ${call.target}`, actions: alsoStarted(call), facts: [], warnings: [] },
      ...{ irreversible: [], voidIf: [], data: data[call.kind as Kind] ?? {} },
    },
    call,
    oneDigest('digest'),
  ),
);
/** Runs of other domains, where the input asks for them. */
function alsoStarted({ kind, input }: PlanCall<RunInput>) {
  const { alsoStarts = [] } = entries[kind as Kind];
  return alsoStarts
    .filter(({ field }) => (input as Record<string, unknown>)[field] === true)
    .map((other) => ({ step: other.kind, what: `start runs of ${other.kind}`, reversible: true }));
}

/** A look that finds everything as it should be. */
const look = stepActivity(
  defineStep<unknown, { findings: [] }, undefined>({
    name: 'any.look',
    probe: () => Promise.resolve(done({ findings: [] }, 'as it should be')),
  }),
  undefined,
  oneDigest('digest'),
);
/** Whom a failover would look at: nobody, from nowhere. */
const suspect = { primary: { name: 'r1' }, vantages: [], probes: 1, probeEveryMs: 1, probeTimeoutMs: 1 };

/** Every activity of every domain, by its type. */
const any = {
  default: (call: never): Promise<unknown> => {
    const { activityType } = activityInfo();
    if (activityType === 'redisSuspect') return Promise.resolve(suspect);
    return /^[a-z]+Plan/.test(activityType) ? plan(call) : look(call);
  },
};

/** The real workflows of every kind, over domains whose every plan is empty and whose every look is content. */
export async function anyParts(): Promise<RigParts> {
  const codePath = await buildBundle();
  return { bundle: { codePath }, activities: Object.fromEntries(domains.map((domain) => [domain, any])) };
}
