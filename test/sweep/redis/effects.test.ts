import { expect, test } from 'vitest';
import type { Effect } from '../../../lab/faults/effects.ts';
import { effectsOf } from './effects.ts';

const parts = new Map([['r1', 'old']]);
const partAt = new Map([['127.0.0.1:7002', 'new']]);

function ledger(...entries: [Effect['kind'], string][]): ReturnType<typeof effectsOf> {
  const effects = entries.map(([kind, command], at): Effect => ({
    at,
    node: 'r1',
    connection: 1,
    kind,
    command,
    certain: true,
  }));
  const settings = [['min-replicas-to-write', '1']] as const;
  return effectsOf(effects, parts, partAt, { memory: new Map(settings), file: new Map(settings) });
}
const whats = (...entries: [Effect['kind'], string][]): string[] => ledger(...entries).effects.map(({ what }) => what);

test('names effects by the parts of the nodes', () => {
  expect(whats(['demoted', 'REPLICAOF 127.0.0.1 7002'], ['config-rewrite', 'CONFIG REWRITE'])).toEqual([
    'old: demoted to new',
    'old: written down',
  ]);
  expect(whats(['demoted', 'REPLICAOF 127.0.0.1 7001'], ['demoted', 'REPLICAOF 127.0.0.1 7002'])[1]).toBe(
    'old: re-pointed to new',
  );
});

test('counts no CONFIG REWRITE of a file that says it already, and each that writes a change down', () => {
  const rewrite: [Effect['kind'], string] = ['config-rewrite', 'CONFIG REWRITE'];
  expect(ledger(rewrite)).toEqual({ effects: [], empty: ['old: CONFIG REWRITE'] });
  const set: [Effect['kind'], string] = ['config-set', 'CONFIG SET min-replicas-to-write 0'];
  expect(whats(set, rewrite, rewrite)).toEqual(['old: min-replicas-to-write 0', 'old: written down']);
});

test('counts no CONFIG SET of the value that is there', () => {
  expect(whats(['config-set', 'CONFIG SET min-replicas-to-write 1'])).toEqual([]);
});
