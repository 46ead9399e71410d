import { expect, test } from 'vitest';
import { inTurn } from '../support/commit.ts';
import { enumerate, matching, nameOf, sampleOf } from './points.ts';

const trace = [
  'task#1',
  'activity:before:redisHandover.ensure#1',
  'driver:before:redis.demote#1@redisHandover.ensure#1',
  'driver:after:redis.demote#1@redisHandover.ensure#1',
  'driver:before:redis.replication#1@redisProveRoles.inspect#1',
];
const rules = { decisive: 'redisHandover.ensure#1', reads: ['redis.replication'] };
const points = enumerate([trace], rules);

test('kills at every place, stops at activities and at all of the decisive one, races before what changes something', () => {
  const places = (cut: string): string[] => points.filter((point) => point.cut === cut).map(({ place }) => place);
  expect(places('kill')).toEqual(trace);
  expect(places('stop')).toEqual(trace.slice(1, 4));
  expect(places('race')).toEqual(trace.slice(2, 3));
});

test('leaves out places that only some of the undisturbed runs came through', () => {
  expect(enumerate([trace, trace.slice(0, 2)], rules).map(({ place }) => place)).not.toContain(trace[3]);
});

test('leaves the parts of a run that have a sweep of their own to it, and with them calls that only look', () => {
  const own = enumerate([trace], { ...rules, own: ['redisHandover'] });
  expect(own.filter(({ cut }) => cut === 'kill').map(({ place }) => place)).toEqual(trace.slice(0, 4));
  const other = enumerate([trace], { ...rules, own: ['redisProveRoles'] });
  expect(other.map(nameOf)).toEqual(['task#1']);
  const whole = enumerate([trace], { ...rules, own: ['redisProveRoles'], whole: ['redisProveRoles.inspect'] });
  expect(whole.map(nameOf)).toEqual(['task#1', trace[4]]);
});

test('finds points by a part of their name, with * for anything', () => {
  expect(matching(points, 'stop:driver:*:redis.demote#1').map(nameOf)).toEqual([
    'stop:driver:before:redis.demote#1@redisHandover.ensure#1',
    'stop:driver:after:redis.demote#1@redisHandover.ensure#1',
  ]);
});

test('draws the same sample for the same seed, and always what must be in it', () => {
  const always = ['stop:driver:after:redis.demote#1@redisHandover.ensure#1'];
  const drawn = (seed: string): string[] => sampleOf(points, 4, seed, always).map(nameOf);
  expect(drawn('a')).toEqual(drawn('a'));
  expect(new Set(['a', 'b', 'c', 'd'].map((seed) => drawn(seed).join())).size).toBeGreaterThan(1);
  expect(drawn('a')).toEqual(expect.arrayContaining(always));
  expect(new Set(drawn('a')).size).toBe(4);
});

test('takes turns over kinds, so that a few commits have each of them as often', () => {
  const kinds = ['move', 'split', 'add-shard', 'drain-shard', 'tier'];
  const drawn = [0, 1, 2, 3, 4].flatMap((turn) => inTurn(kinds, 2, turn));
  for (const kind of kinds) expect(drawn.filter((one) => one === kind)).toHaveLength(2);
  expect(inTurn(kinds, 9, 3)).toHaveLength(kinds.length);
});

test('takes turns over the phases of a run, so that a few samples have each of them', () => {
  const [always] = points.filter(({ place }) => place.startsWith('task#')).map(nameOf);
  const phases = ['activity:before:redisHandover', 'redis.demote', 'redisProveRoles'];
  const drawn = (turn: number): string[] =>
    sampleOf(points, 3, `commit ${turn}`, [always ?? ''], { phases, turn }).map(nameOf);
  const has = (phase: string, turn: number): boolean => drawn(turn).some((name) => name.includes(phase));
  for (const turn of [0, 1, 2, 3]) {
    expect(drawn(turn)).toContain(always);
    expect(new Set(drawn(turn)).size).toBe(3);
    for (const phase of phases) expect(has(phase, turn) || has(phase, turn + 1)).toBe(true);
  }
});
