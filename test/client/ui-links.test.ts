import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Kind } from '../../src/runs/index.ts';
import { defaultTaskQueue, kinds, workflowTypeOf } from '../../src/runs/index.ts';
import { describeWith } from '../support/lab.ts';
import { useTemporal } from '../support/temporal.ts';

const page = readFileSync('docs/runs.md', 'utf8');
const links = [...page.matchAll(/\]\((http:\/\/localhost:8233[^)]*)\)/g)].map(([, link = '']) => new URL(link));
const queries = links.flatMap(({ searchParams }) => searchParams.get('query') ?? []);

describe('the links into the Temporal UI', () => {
  test('open the start form with a type and a queue that workers have', () => {
    const forms = links.filter(({ pathname }) => pathname.endsWith('/start-workflow'));
    expect(forms).not.toEqual([]);
    for (const { searchParams } of forms) {
      expect((Object.keys(kinds) as Kind[]).map(workflowTypeOf)).toContain(searchParams.get('workflowType'));
      expect(searchParams.get('taskQueue')).toBe(defaultTaskQueue);
    }
  });

  test('have the query that stands beside them', () => {
    expect(queries.length).toBeGreaterThan(3);
    for (const query of queries) expect(page).toContain(`| \`${query}\` |`);
  });
});

await describeWith(['temporal'], 'the views', () => {
  const server = useTemporal();
  test.each(queries)('%s is a query that the server answers', async (query) => {
    expect(
      (await server().client.workflowService.countWorkflowExecutions({ namespace: 'default', query })).count,
    ).toBeDefined();
  });
});
