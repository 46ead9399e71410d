import { describe, expect, it } from 'vitest';
import {
  differences,
  mergePatch,
  readinessOf,
  sameFields,
  together,
  waitsFor,
} from '../../../src/planning/region/index.ts';

const deployment = (status: Record<string, unknown> | undefined, generation = 2, replicas = 3) => ({
  ...{ kind: 'Deployment', metadata: { name: 'gatewayd', generation }, spec: { replicas } },
  ...(status ? { status } : {}),
});
const whole = { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3 };

describe('the readiness of a workload', () => {
  it.each([
    ['all of the newest version are available', whole, 'ready'],
    ['no controller has looked', undefined, 'unknown'],
    ['the status is of an older generation, however good', { ...whole, observedGeneration: 1 }, 'unknown'],
    ['one is not available', { ...whole, availableReplicas: 2 }, 'waiting'],
    ['one is of the former version', { ...whole, updatedReplicas: 2 }, 'waiting'],
    ['one of the former version is still there', { ...whole, replicas: 4 }, 'waiting'],
    [
      'the controller gave up',
      { ...whole, conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] },
      'failed',
    ],
    [
      'pods are refused',
      { ...whole, conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }] },
      'failed',
    ],
    [
      'the rollout goes on, as the condition says',
      { ...whole, conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }] },
      'ready',
    ],
  ])('where %s', (_what, status, value) => {
    expect(readinessOf(deployment(status)).value).toBe(value);
  });

  it('of a set for each node, where no node is meant, is unknown: nothing was proven', () => {
    const set = { kind: 'DaemonSet', metadata: { name: 'metald', generation: 1 } };
    expect(readinessOf({ ...set, status: { observedGeneration: 1, desiredNumberScheduled: 0 } }).value).toBe('unknown');
    const two = { observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2 };
    expect(readinessOf({ ...set, status: { ...two, numberAvailable: 1 } }).value).toBe('waiting');
    expect(readinessOf({ ...set, status: { ...two, numberAvailable: 2 } }).value).toBe('ready');
  });

  it('of several is the worst of them', () => {
    const of = (value: 'ready' | 'waiting' | 'failed' | 'unknown') => ({ value, words: value });
    expect(together([of('ready'), of('waiting')]).value).toBe('waiting');
    expect(together([of('waiting'), of('unknown'), of('ready')]).value).toBe('unknown');
    expect(together([of('unknown'), of('failed')])).toEqual({ value: 'failed', words: 'failed' });
  });
});

describe('the fields of an object', () => {
  const wanted = { spec: { replicas: 3, containers: [{ name: 'a', image: 'x' }] } };

  it('are compared as far as the manifest names them', () => {
    const there = { spec: { replicas: 3, paused: false, containers: [{ name: 'a', image: 'x', stdin: false }] } };
    expect(differences(wanted, there)).toEqual([]);
    expect(differences(wanted, { spec: { replicas: 5, containers: [] } })).toEqual([
      'spec.replicas',
      'spec.containers',
    ]);
    expect(differences(wanted, { spec: { replicas: 3, containers: [{ name: 'a', image: 'y' }] } })).toEqual([
      'spec.containers[0].image',
    ]);
    expect(differences(wanted, {})).toEqual(['spec']);
  });

  it('that were there before are those that the manifest names and the object had', () => {
    expect(sameFields({ spec: { replicas: 3, paused: true } }, { spec: { replicas: 1, more: 1 }, status: {} })).toEqual(
      {
        spec: { replicas: 1 },
      },
    );
  });

  it('are patched as RFC 7386 has it', () => {
    expect(mergePatch({ a: 1, b: { c: 1, d: 2 }, e: [1, 2] }, { b: { c: null, f: 3 }, e: [3] })).toEqual({
      ...{ a: 1, b: { d: 2, f: 3 }, e: [3] },
    });
  });
});

describe('what a component waits for', () => {
  const of = (name: string, after: string[], wave = 1, applied = true) => ({ name, after, wave, applied });

  it('is what it comes after, through what is operated elsewhere', () => {
    const order = waitsFor([of('a', []), of('outside', ['a'], 1, false), of('b', ['outside'])]);
    expect(order).toEqual([
      { name: 'a', after: [] },
      { name: 'b', after: ['a'] },
    ]);
  });

  it('and every component of the earlier waves', () => {
    const order = waitsFor([of('a', []), of('b', []), of('c', [], 2), of('d', ['c'], 3)]);
    expect(order.find(({ name }) => name === 'c')?.after).toEqual(['a', 'b']);
    expect(order.find(({ name }) => name === 'd')?.after).toEqual(['a', 'b', 'c']);
  });
});
