import { describe, expect, it } from 'vitest';
import { jsonShapes } from '../../src/cli/json.ts';
import { reportShape, statusShape } from '../../src/registry/index.ts';
import { parked, report, status, trouble } from './statuses.ts';

describe('the shapes of --json', () => {
  it('take statuses and reports as they are, and lose nothing of them', () => {
    for (const one of [status(), parked(), status({ state: 'done', problem: trouble, pending: ['abort'] })])
      expect(statusShape.parse(one)).toEqual(one);
    expect(reportShape.parse(report())).toEqual(report());
  });

  it('refuse a status without what the contract promises', () => {
    expect(jsonShapes.act.safeParse({ run: { ...status(), workflowId: undefined } }).success).toBe(false);
    expect(jsonShapes.act.safeParse({ run: { ...status(), state: 'asleep' } }).success).toBe(false);
  });

  it('allow nothing beside what a command is said to print', () => {
    expect(jsonShapes.act.safeParse({ run: status(), now: 'it goes on', more: 1 }).success).toBe(false);
  });

  it('let later versions add fields', () => {
    expect(jsonShapes.act.safeParse({ run: { ...status(), later: 1 }, now: 'it goes on' }).success).toBe(true);
  });
});
