import { GantryError } from '../../../src/errors/index.ts';
import type { LifecycleData } from '../../../src/planning/archive/index.ts';
import { canonical, ruleId, sameRule } from '../../../src/planning/archive/index.ts';
import type { LifecycleRule } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ArchiveDeps } from '../access/access.ts';
import { withStore } from '../access/access.ts';

/** The archive's own rule as it was before; the rules of others are never looked back to. */
export type Reconciled = { own?: Record<string, unknown> };

/**
 * Brings the archive's own rule to what is declared. A lifecycle is one document, which the store replaces as a whole and
 * without a condition: it is read again right before, and must be what the plan saw. An editor in that very instant is
 * overwritten; the last look cannot see that, the next run's plan does.
 */
export const reconcileLifecycle = defineStep<LifecycleData, Reconciled, ArchiveDeps>({
  name: 'archive.reconcile-lifecycle',
  probe: ({ archive, wanted }, { archives }, context) =>
    withStore(archives(archive), context, async (store) => {
      const own = ownOf(archive, await store.lifecycle());
      const seen = own ? { own: own.raw as Record<string, unknown> } : {};
      if (own && sameRule(own.raw, wanted)) return done(seen, `${ruleId(archive)} is there as declared`);
      return todo(seen, `${ruleId(archive)} is ${own ? 'another one' : 'not there'}`);
    }),
  apply: ({ archive, wanted, seen }, _seen, { archives }, context) =>
    withStore(archives(archive), context, async (store) => {
      const rules = await store.lifecycle();
      if (canonical(rules.map(({ raw }) => raw)) !== seen) {
        const message = `the lifecycle of ${store.bucket} is not what the plan saw: it now has ${rules.map(({ id }) => id).join(', ') || 'no rule'}`;
        throw new GantryError('ARCHIVE_LIFECYCLE_CHANGED', message);
      }
      await store.putLifecycle([...othersOf(archive, rules), ruleOf(wanted)]);
    }),
  undo: ({ archive }, { own }, { archives }, context) =>
    withStore(archives(archive), context, async (store) => {
      const rules = await store.lifecycle();
      // A document that need not be written is none that could overwrite another one.
      if (sameRule(ownOf(archive, rules)?.raw, own)) return;
      await store.putLifecycle([...othersOf(archive, rules), ...(own ? [ruleOf(own)] : [])]);
    }),
});

function ownOf(archive: string, rules: readonly LifecycleRule[]): LifecycleRule | undefined {
  return rules.find(({ id }) => id === ruleId(archive));
}

function othersOf(archive: string, rules: readonly LifecycleRule[]): LifecycleRule[] {
  return rules.filter(({ id }) => id !== ruleId(archive));
}

function ruleOf(raw: Record<string, unknown>): LifecycleRule {
  return { id: String(raw['ID']), enabled: true, prefix: undefined, transitions: [], raw };
}
