import { expect, test } from 'vitest';
import type { Attempt } from './attempt.ts';
import type { Findings } from './scene.ts';
import { judge } from './verdict.ts';

const baseline = { effects: ['old: demoted to new', 'new: promoted'], state: { new: { role: 'primary' }, reports: 1 } };

function attemptWith(changes: Partial<Findings>, outcome = 'done'): Attempt {
  const effects = baseline.effects.map((what) => ({ what, certain: true }));
  const sound: Findings = {
    ...{ effects, empty: [], state: baseline.state, acked: 10, lost: 0, onOldAfterNew: 0, evidence: {} },
    ...changes,
  };
  return { reached: true, outcome, findings: sound, trace: [], ms: 1, workflowId: 'w', runId: 'r', logFiles: [] };
}
const faults = (changes: Partial<Findings>, outcome?: string): readonly string[] =>
  judge(attemptWith(changes, outcome), baseline).faults;
const certain = (what: string): { what: string; certain: boolean } => ({ what, certain: true });

test('finds nothing to say of a run that left what an undisturbed one leaves', () => {
  expect(faults({})).toEqual([]);
});

test('names effects that happened twice and effects that are missing', () => {
  const twice = [...baseline.effects, 'new: promoted'].map(certain);
  expect(faults({ effects: twice })).toEqual(['duplicated: new: promoted']);
  expect(faults({ effects: [certain('new: promoted')] })).toEqual(['missing: old: demoted to new']);
});

test('lets an effect whose answer nobody got fill a gap, and not count as a second one', () => {
  const uncertain = { what: 'new: promoted', certain: false };
  expect(faults({ effects: [certain('old: demoted to new'), uncertain] })).toEqual([]);
  expect(faults({ effects: [...baseline.effects.map(certain), uncertain] })).toEqual([]);
});

test('names each place where the state differs', () => {
  expect(faults({ state: { new: { role: 'replica' }, reports: 2 } })).toEqual([
    'state: new.role is "replica", not "primary"',
    'state: reports is 2, not 1',
  ]);
});

test('names lost writes, two primaries and any outcome but done', () => {
  expect(faults({ lost: 1, onOldAfterNew: 2 }, 'failed')).toHaveLength(3);
});
