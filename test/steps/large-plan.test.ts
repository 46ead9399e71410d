import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, test } from 'vitest';
import { planActivity } from '../../src/steps/plan.ts';
import { sealPlan } from '../../src/steps/seal-plan.ts';
import type { Plan, PlanDraft } from '../../src/runs/index.ts';
import { defaultPolicy, jsonBytes } from '../../src/runs/index.ts';
import { oneDigest } from '../support/one-digest.ts';

type Data = { moves: readonly { partition: string; from: string; to: string }[] };

/** A plan of so many moves, each shown with so many characters. */
function draftOf(count: number, shown: number): PlanDraft<Data, 'clickhouse.move'> {
  const moves = Array.from({ length: count }, (_, at) => ({ partition: `p${at}`, from: 'shard-1', to: 'shard-2' }));
  return {
    title: `move ${count} partitions`,
    actions: moves.map(({ partition }) => ({
      step: 'clickhouse.move',
      what: `move ${partition}`.padEnd(shown),
      reversible: true,
    })),
    facts: [],
    warnings: [],
    irreversible: [],
    voidIf: [],
    data: { moves },
  };
}

const call = { input: {}, kind: 'clickhouse.rebalance', target: 'a/b', policy: defaultPolicy };
const runtime = oneDigest('d');
const planOf = (draft: PlanDraft<Data, 'clickhouse.move'>): Promise<Plan<Data>> =>
  new MockActivityEnvironment().run(
    planActivity(
      { kind: 'clickhouse.rebalance', plan: async () => ({ ok: true as const, draft }) },
      undefined,
      runtime,
    ),
    call,
  );

describe('a plan that is too large for Temporal', () => {
  test('of 50,000 moves is refused before anything is changed, and says how many fit', async () => {
    await expect(planOf(draftOf(50_000, 20))).rejects.toMatchObject({
      type: 'PLAN_TOO_LARGE',
      nonRetryable: true,
      message: expect.stringMatching(/50000 actions/) as string,
    });
  });

  test('is shown shorter where its data fit, under the hash of the whole', async () => {
    const draft = draftOf(200, 3_000);
    const plan = await planOf(draft);
    expect(jsonBytes(plan)).toBeLessThan(256 * 1024);
    expect(plan.data).toEqual(draft.data);
    expect(plan.actions.length).toBeLessThan(200);
    expect(plan.actions.at(-1)?.what).toMatch(/^and \d+ more$/);
    expect(plan.hash).toBe(sealPlan(draft, call, runtime).hash);
  });

  test('is left as it is where it fits', async () => {
    const draft = draftOf(200, 100);
    expect(await planOf(draft)).toEqual(sealPlan(draft, call, runtime));
  });
});
