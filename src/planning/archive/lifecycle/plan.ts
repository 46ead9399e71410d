import type { DraftOf, LifecycleRule } from '../../../runs/index.ts';
import type { LifecycleIntent } from './rules.ts';
import { canonical, foreignDangers, ruleId, sameRule, wantedRule } from './rules.ts';

/** What the step works from. `seen` is the whole document as it was when the plan was made. */
export type LifecycleData = { archive: string; wanted: Record<string, unknown>; seen: string };

/** Rules as they are → the rule that is to be there, as a diff. Pure. */
export function planLifecycle(
  intent: LifecycleIntent,
  rules: readonly LifecycleRule[],
): { ok: true; draft: DraftOf<'archive.lifecycle', LifecycleData> } {
  const wanted = wantedRule(intent);
  const own = rules.find(({ id }) => id === ruleId(intent.archive));
  const others = rules.filter((rule) => rule !== own);
  const equal = own !== undefined && sameRule(own.raw, wanted);
  const { archive, bucket } = intent;
  return {
    ok: true,
    draft: {
      title: equal
        ? `The age rules of ${bucket} are as declared for ${archive}`
        : `Set the age rules of ${bucket} for ${archive}`,
      actions: [
        {
          step: 'archive.reconcile-lifecycle',
          what: equal
            ? `nothing: the rule ${ruleId(archive)} is there as declared`
            : `${own ? 'replace' : 'add'} the rule ${ruleId(archive)}, keep ${others.length} rules of others as they are`,
          reversible: true,
        },
      ],
      facts: [
        ...(equal
          ? []
          : [
              { label: `- ${ruleId(archive)}`, value: own ? canonical(own.raw) : 'not there' },
              { label: `+ ${ruleId(archive)}`, value: canonical(wanted) },
            ]),
        ...others
          .slice(0, 40)
          .map(({ id, raw }) => ({ label: `= ${id || 'a rule without a name'}`, value: canonical(raw).slice(0, 300) })),
      ],
      warnings: foreignDangers(intent, rules),
      irreversible: equal ? [] : ['What has aged into another class stays there, also after the rule is taken back.'],
      voidIf: ['the lifecycle of the bucket is changed by anyone'],
      data: { archive, wanted, seen: canonical(rules.map(({ raw }) => raw)) },
    },
  };
}
