import { describe, expect, test } from 'vitest';
import type { LifecycleIntent } from '../../../src/planning/archive/index.ts';
import { planLifecycle } from '../../../src/planning/archive/index.ts';
import type { LifecycleRule } from '../../../src/runs/index.ts';

const day = 86_400_000;
const intent: LifecycleIntent = {
  ...{ archive: 'main', bucket: 'backups', dataPrefix: 'gantry/data/', metadataPrefix: 'gantry/meta/' },
  ageRules: [
    { afterMs: 30 * day, to: 'STANDARD_IA', versions: 'all' },
    { afterMs: 90 * day, to: 'GLACIER', versions: 'all' },
    { afterMs: 7 * day, to: 'DEEP_ARCHIVE', versions: 'noncurrent' },
  ],
};
const rule = (raw: Record<string, unknown>, more: Partial<LifecycleRule> = {}): LifecycleRule => ({
  ...{ id: String(raw['ID']), enabled: true, prefix: '', transitions: [], raw },
  ...more,
});
const planned = (rules: readonly LifecycleRule[]) => planLifecycle(intent, rules).draft;
const ours = () => planned([]).data.wanted;

describe('a plan of age rules', () => {
  test('ages data alone, and by the rules for every version', () => {
    expect(ours()).toMatchObject({ ID: 'gantry-main', Filter: { Prefix: 'gantry/data/' } });
    expect(ours()['Transitions']).toEqual([
      { Days: 30, StorageClass: 'STANDARD_IA' },
      { Days: 90, StorageClass: 'GLACIER' },
    ]);
  });

  test('changes nothing where the rule is there, in whatever order the store keeps its keys', () => {
    const reversed = Object.fromEntries(Object.entries(ours()).reverse());
    const draft = planned([rule(reversed)]);
    expect(draft.title).toContain('are as declared');
    expect(draft.irreversible).toEqual([]);
  });

  test('shows both forms of a rule that differs, and the rules of others, which it names and keeps', () => {
    const draft = planned([rule({ ...ours(), Status: 'Disabled' }), rule({ ID: 'logs' }, { prefix: 'logs/' })]);
    expect(draft.facts.map(({ label }) => label)).toEqual(['- gantry-main', '+ gantry-main', '= logs']);
    expect(draft.actions[0]?.what).toContain('keep 1 rules of others');
    expect(draft.warnings).toEqual([]);
  });

  test('warns of a rule of others that deletes backups, or makes a manifest cold', () => {
    const deletes = rule({ ID: 'tidy' }, { prefix: 'gantry/', expirationDays: 60 });
    const chills = rule(
      { ID: 'cheap' },
      { prefix: undefined, transitions: [{ days: 5, storageClass: 'DEEP_ARCHIVE' }] },
    );
    const off = rule({ ID: 'off' }, { enabled: false, expirationDays: 1 });
    const dataAlone = rule(
      { ID: 'data' },
      { prefix: 'gantry/data/', transitions: [{ days: 1, storageClass: 'GLACIER' }] },
    );
    expect(planned([deletes, chills, off, dataAlone]).warnings).toEqual([
      expect.stringMatching(/tidy.*deletes objects of this archive after 60 days/),
      expect.stringMatching(/cheap.*moves manifests to DEEP_ARCHIVE after 5 days/),
    ]);
  });

  test('is void once anyone changes the document', () => {
    const before = planned([rule({ ID: 'logs' })]).data.seen;
    expect(planned([rule({ ID: 'logs', Status: 'Disabled' })]).data.seen).not.toBe(before);
    // A rule may name a day, which the SDK gives as a Date.
    const on = (day: string) => planned([rule({ ID: 'once', Expiration: { Date: new Date(day) } })]).data.seen;
    expect(on('2027-01-01')).not.toBe(on('2027-02-01'));
  });
});
