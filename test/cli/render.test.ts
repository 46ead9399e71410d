import { describe, expect, it } from 'vitest';
import { changeLines } from '../../src/cli/render/changes.ts';
import { checkLines } from '../../src/cli/render/checks.ts';
import { clean } from '../../src/cli/render/clean.ts';
import { differences } from '../../src/cli/render/difference.ts';
import { runMarkdown } from '../../src/cli/render/markdown.ts';
import { clip, columns, rowsOf } from '../../src/cli/render/paint.ts';
import { planLines } from '../../src/cli/render/plan.ts';
import { problemLines } from '../../src/cli/render/problem.ts';
import { runLines } from '../../src/cli/render/report.ts';
import { runsLines } from '../../src/cli/render/runs.ts';
import { duration } from '../../src/cli/render/time.ts';
import { treeLines } from '../../src/cli/render/tree.ts';
import { whatNow } from '../../src/cli/render/what-now.ts';
import { handingOver, now, parked, plan, prepared, report, status, trouble } from './statuses.ts';

const plain = { color: false, width: 200, now };

describe('a plan', () => {
  it('is shown in order, with what has no way back, estimates, warnings and its hash', () => {
    expect(planLines(plan, plain)).toEqual([
      'Hand the primary of sessions over from r1 to r2 (fast)',
      '   1. let r2 take writes',
      '      ── no undo from here on ──',
      '   2. hold writes on r1, swap (about 50 ms)',
      '   3. watch for 900 s (about 15 min 0 s)',
      'Facts:',
      '  - r1 now: primary, offset 42',
      'Warnings:',
      '  - the backlog of r1 is small',
      'Cannot be undone:',
      '  - From the demotion of r1 on there is no undo',
      'Void if:',
      '  - the platform file changes',
      'plan 4f0c9a1be2d37a55, part 26fcde635242 of the platform file',
    ]);
  });
});

describe('a tree', () => {
  it('shows what is done, what runs and for how long, and what is still ahead', () => {
    expect(treeLines(status(), plain)).toEqual([
      'redis.switchover sessions  running  10.0 s  redis/sessions',
      '├─ ✓ prepare the candidate  12 ms     min-replicas-to-write of r2 is 0',
      '├─ ▶ hand over              2.0 s',
      '└─ · watch for 900 s        about 15 min 0 s',
    ]);
  });

  it('says what a parked run offers, with its problem', () => {
    const lines = treeLines(parked(), plain);
    expect(lines).toContain('parked at "hand over" for 1.0 s');
    expect(lines).toContain('HANDOVER_NOT_EQUAL: r2 is at 41, r1 at 42');
    expect(lines.at(-1)).toBe(
      'now: gantry retry redis/sessions --park 1-9f3c  |  gantry skip redis/sessions --park 1-9f3c  |  gantry abort redis/sessions',
    );
  });

  it('gives the command that approves exactly this plan', () => {
    const waiting = status({
      state: 'awaiting-approval',
      steps: [],
      approval: { needed: 1, expiresAt: '2026-03-02T10:00:00.000Z' },
    });
    expect(treeLines(waiting, plain).at(-1)).toBe(
      'waits for approval until 2026-03-02T10:00:00.000Z: gantry approve redis/sessions --plan-hash 4f0c9a1be2d37a55',
    );
  });

  it('has nothing ahead of it once it has ended, and its clock stands still', () => {
    const ended = status({ state: 'aborted', since: '2026-03-01T10:00:06.000Z', problem: trouble });
    const lines = treeLines(ended, { ...plain, now: now + 1e9 });
    expect(lines[0]).toContain('aborted  6.0 s');
    expect(lines.some((line) => line.includes('watch for'))).toBe(false);
    expect(lines).toContain('HANDOVER_NOT_EQUAL: r2 is at 41, r1 at 42');
  });

  it('never draws a line wider than the terminal, colours or not, but for a command or a word that is', () => {
    for (const color of [true, false]) {
      for (const width of [33, 80]) {
        const lines = treeLines(parked({ pending: ['abort'] }), { color, width, now }, 'no worker answers');
        const wide = lines.filter((line) => columns(line) > width);
        expect(wide.filter((line) => !line.includes('gantry ') && line.trim().includes(' '))).toEqual([]);
        if (width === 80) expect(wide).toEqual([]);
      }
    }
  });

  it('cuts no mark, no command, no hash and no problem at 80 columns, and knows how many rows that takes', () => {
    const narrow = { color: false, width: 80, now };
    const long = 'clickhouse/metrics/analytics.events_by_customer_and_day/20260101';
    const message = `the copy of 20260101 differs from its source in ${'many '.repeat(20)}rows`;
    const standing = parked({ workflowId: long, pending: ['abort'], pastNoReturn: true });
    const park = ` --park ${standing.parked?.id}`;
    const failed = { ...handingOver, state: 'failed' as const, summary: `CLICKHOUSE_COPY_DIFFERS: ${message}` };
    const lines = treeLines({ ...standing, steps: [prepared, failed] }, narrow);
    const text = lines.join('\n');
    for (const part of ['parked', 'abort at the next safe point', 'past its point of no return', long])
      expect(text).toContain(part);
    for (const decision of [`retry ${long}${park}`, `skip ${long}${park}`, `abort ${long}`])
      expect(lines).toContain(`  gantry ${decision}`);
    expect(text.replaceAll(/\n│? +/g, ' ')).toContain(message);
    expect(text).not.toContain('…');

    const approval = { needed: 1, expiresAt: '2026-03-02T10:00:00.000Z' };
    const waiting = treeLines(status({ state: 'awaiting-approval', steps: [], approval, workflowId: long }), narrow);
    expect(waiting.at(-1)).toBe(`  gantry approve ${long} --plan-hash 4f0c9a1be2d37a55`);
    expect(waiting.find((line) => line.includes('no undo from here on'))).toBeDefined();
    // The last line takes two rows: redrawing goes up by one more than there are lines.
    expect(rowsOf(waiting, 80)).toBe(waiting.length + 1);
  });

  it('is the same with and without colours', () => {
    // eslint-disable-next-line no-control-regex -- the escape character is what is looked for
    const bare = treeLines(parked(), { ...plain, color: true }).map((line) => line.replace(/\x1b\[\d+m/g, ''));
    expect(bare).toEqual(treeLines(parked(), plain));
  });
});

describe('changes', () => {
  it('tell everything of a run that is seen for the first time', () => {
    expect(changeLines(undefined, status())).toEqual([
      'plan 4f0c9a1be2d37a55: Hand the primary of sessions over from r1 to r2 (fast)',
      '✓ prepare the candidate: done in 12 ms; min-replicas-to-write of r2 is 0',
      '▶ hand over: running',
      '2026-03-01 10:00:04Z running',
      '2026-03-01 10:00:04Z approve by bob (go)',
    ]);
  });

  it('tell nothing twice, and why a run parks', () => {
    expect(changeLines(status(), status())).toEqual([]);
    expect(changeLines(status(), parked())).toEqual([
      '✗ hand over: failed',
      '2026-03-01 10:00:04Z parked: HANDOVER_NOT_EQUAL: r2 is at 41, r1 at 42',
    ]);
  });
});

describe('what happens now', () => {
  it.each([
    [
      'approve',
      status({ state: 'planning', steps: [] }),
      'it makes the plan again, and goes on if it is still the approved one',
    ],
    ['pause', status({ pending: ['pause'] }), 'once "hand over" has ended it pauses'],
    ['pause', status({ pending: ['pause'], steps: [] }), 'at its next safe point it pauses'],
    ['pause', status({ state: 'paused' }), 'it is paused; `gantry resume redis/sessions` lets it go on'],
    [
      'pause',
      status({ state: 'awaiting-approval', pending: ['pause'] }),
      'it waits for its approval, and pauses after that',
    ],
    ['resume', status({ steps: [prepared] }), 'it goes on, once what it made is found unchanged'],
    ['resume', status(), 'it goes on'],
    ['abort', status({ pending: ['abort'] }), 'once "hand over" has ended it undoes what it changed, and ends'],
    ['abort', status({ state: 'undoing' }), 'it undoes what it changed, the last step first'],
    ['abort', status({ state: 'aborted', steps: [] }), 'it has ended; it had changed nothing'],
    ['retry', status(), 'it tries "hand over" again'],
    ['skip', status(), 'it goes on with the next step'],
    ['stop', status({ state: 'failed' }), 'it has ended as failed; its report says what remains'],
    ['resume', parked(), 'it is parked at "hand over": HANDOVER_NOT_EQUAL'],
  ] as const)('after %s is said in one line', (verb, now_, words) => expect(whatNow(verb, now_)).toBe(words));
});

describe('a step that is a run of its own', () => {
  const move = { title: 'move 20260101', step: 'clickhouse.move', state: 'running', changed: false } as const;
  const run = { workflowId: 'clickhouse/c/db.t/20260101', state: 'running' } as const;
  const going = status({ steps: [{ ...move, startedAt: '2026-03-01T10:00:08.000Z', run }] });
  const summary = 'parked at "copy": CLICKHOUSE_DISK_FULL: no room; now: gantry retry clickhouse/c/db.t/20260101';
  const standing = status({ steps: [{ ...move, run: { ...run, state: 'parked' }, summary }] });

  it('shows its id while it is under way, and what it offers where it is parked', () => {
    expect(treeLines(going, plain).find((line) => line.includes('move'))).toContain(
      'clickhouse/c/db.t/20260101 (running)',
    );
    const line = treeLines(standing, { ...plain, width: 300 }).find((one) => one.includes('move'));
    expect(line).toContain(`clickhouse/c/db.t/20260101 (parked): ${summary}`);
  });

  it('is a change when it parks, though its step goes on running', () => {
    expect(changeLines(going, standing)).toEqual([
      `▶ move 20260101: running; clickhouse/c/db.t/20260101 (parked): ${summary}`,
    ]);
  });
});

describe('a problem', () => {
  it('that is one is one line with its next step', () => {
    expect(problemLines(trouble, plain)).toEqual([
      'HANDOVER_NOT_EQUAL: r2 is at 41, r1 at 42',
      'next: Look at the load.',
    ]);
  });

  it('of several lists each with its place, and each next step once', () => {
    const problems = [
      { code: 'INVALID_INPUT', message: 'group: is missing', place: 'group', hint: 'A' },
      { code: 'CHANGE_FREEZE', message: 'until tomorrow', place: 'freezes', hint: 'B' },
    ];
    expect(problemLines({ code: 'INVALID_INPUT', message: 'both', hint: 'A', problems }, plain)).toEqual([
      'INVALID_INPUT: 2 problems',
      '  - group: is missing',
      '  - CHANGE_FREEZE: freezes: until tomorrow',
      'next: A',
      'next: B',
    ]);
  });
});

describe('a run in full', () => {
  it('shows before and after, the clock, measurements, actions and where its report is', () => {
    const text = runLines(status({ state: 'done', steps: [prepared] }), report(), plain).join('\n');
    for (const part of [
      'asked for by ann@host',
      'minReplicasToWrite: 1 → 0',
      'approve by bob (go)',
      'running            15 min 56 s',
      'redis.handover.pausedMs: 7.5',
      'report at file:///srv/reports/a.json',
    ])
      expect(text).toContain(part);
  });

  it('shows the evidence of a park', () => {
    expect(runLines(parked(), undefined, plain)).toContain('  candidateOffset: 41');
  });

  it('shows what a run left behind and why its report is not published', () => {
    const lines = runLines(
      status({ state: 'failed', problem: trouble }),
      report({
        outcome: 'failed',
        leftBehind: ['"hand over" was changed'],
        publishProblem: { ...trouble, code: 'PUBLISH_FAILED' },
      }),
      plain,
    );
    expect(lines).toContain('  - "hand over" was changed');
    expect(lines).toContain('PUBLISH_FAILED: r2 is at 41, r1 at 42');
  });
});

describe('differences', () => {
  it('are told leaf by leaf, lists by the name of their items', () => {
    const before = {
      nodes: [
        { name: 'r1', role: 'primary' },
        { name: 'r2', role: 'replica' },
      ],
      epoch: 1,
      same: [1],
    };
    const after = {
      nodes: [
        { name: 'r2', role: 'primary' },
        { name: 'r1', role: 'replica' },
      ],
      same: [1],
      by: 'me',
    };
    expect(differences(before, after)).toEqual([
      { path: 'nodes.r1.role', before: 'primary', after: 'replica' },
      { path: 'nodes.r2.role', before: 'replica', after: 'primary' },
      { path: 'epoch', before: 1, after: undefined },
      { path: 'by', before: undefined, after: 'me' },
    ]);
    expect(differences(1, 2)).toEqual([{ path: '(value)', before: 1, after: 2 }]);
    expect(differences(undefined, undefined)).toEqual([]);
  });
});

describe('Markdown', () => {
  it('is a document with plan, steps, clock and actions', () => {
    const text = runMarkdown(status({ state: 'done', steps: [prepared] }), report());
    expect(text).toContain('# redis.switchover sessions: done');
    expect(text).toContain('2. hold writes on r1, swap **(no undo from here on)**');
    expect(text).toContain('| ✓ | prepare the candidate | 12 ms |');
    expect(text).toContain('| 2026-03-01 10:00:04Z | approve | bob | go |');
  });

  it('has the graph of a plan as those who read Markdown draw it', () => {
    const graph = { label: 'graph', value: 'graph LR\nnetwork --> settings\nsettings --> gateway' };
    const text = runMarkdown(status({ plan: { ...plan, facts: [...plan.facts, graph] } }), undefined);
    expect(text).toContain('\n```mermaid\ngraph LR\nnetwork --> settings\nsettings --> gateway\n```');
    expect(text).not.toContain('- graph:');
    const evil = { ...graph, value: 'graph LR\n```\n<img>' };
    const other = runMarkdown(status({ plan: { ...plan, facts: [evil] } }), undefined);
    expect(other.split('\n').filter((line) => line.startsWith('```'))).toEqual([]);
  });

  it('lets nothing that a system said become markup', () => {
    const evil = { ...prepared, title: 'a | b\n# c <img>', summary: 'x' };
    const text = runMarkdown(status({ steps: [evil] }), undefined);
    expect(text).toContain('| a \\| b # c &lt;img> |');
    expect(text.split('\n')).not.toContain('# c <img>');
  });
});

describe('a list of runs', () => {
  it('is a straight table that marks terminated runs', () => {
    const run = {
      kind: 'redis.switchover',
      target: 'sessions',
      workflowId: 'redis/sessions',
      runId: 'r-1',
      state: 'running' as const,
      execution: 'RUNNING' as const,
      taskQueue: 'gantry',
      startedAt: '2026-03-01T10:00:00.000Z',
      closed: false,
    };
    const shot = { ...run, execution: 'TERMINATED' as const, state: 'failed' as const, closed: true };
    expect(runsLines([run, shot], plain)).toEqual([
      'STATE                ID              KIND              STARTED               RUN',
      'running              redis/sessions  redis.switchover  2026-03-01 10:00:00Z  open for 10.0 s',
      'failed (terminated)  redis/sessions  redis.switchover  2026-03-01 10:00:00Z  r-1',
    ]);
    // At 80 columns the state and the id stay whole, however long the id is; what does not fit is left out.
    const long = { ...run, workflowId: 'clickhouse/metrics/analytics.events_by_customer/20260101', closed: true };
    expect(runsLines([long], { ...plain, width: 80 })).toEqual([
      'STATE    ID',
      'running  clickhouse/metrics/analytics.events_by_customer/20260101',
      '(kind, started, run: in a wider terminal, or --json)',
    ]);
    expect(runsLines([], plain)).toEqual(['no runs']);
  });
});

describe('checks', () => {
  it('have a mark, a fact and a next step', () => {
    expect(
      checkLines(
        [
          { name: 'server', state: 'ok', fact: 'Temporal 1.31' },
          { name: 'queue gantry', state: 'bad', fact: 'nobody', next: 'gantry dev' },
          { name: 'left behind', state: 'unknown', fact: 'no workers' },
        ],
        plain,
      ),
    ).toEqual([
      '✓ server: Temporal 1.31',
      '✗ queue gantry: nobody',
      '    next: gantry dev',
      '? left behind: no workers',
    ]);
  });
});

describe('text', () => {
  it('from systems cannot steer the terminal', () => {
    const escape = String.fromCharCode(27);
    const said = { title: `a${escape}[2Jb`, list: [`x${String.fromCharCode(7)}\ty`, '\u202ez'], n: 1 };
    expect(clean(said)).toEqual({ title: 'a [2Jb', list: ['x  y', ' z'], n: 1 });
  });

  it('is cut by columns, not by bytes of colour', () => {
    const escape = String.fromCharCode(27);
    const red = `${escape}[31mabcdef${escape}[0m`;
    expect(columns(red)).toBe(6);
    expect(clip({ color: true, width: 4, now }, red)).toBe(`${escape}[31mabc${escape}[0m…${escape}[0m`);
    expect(clip({ color: true, width: 6, now }, red)).toBe(red);
  });

  it.each([
    [0, '0 ms'],
    [999.4, '999 ms'],
    [1_000, '1.0 s'],
    [59_949, '59.9 s'],
    [59_970, '1 min 0 s'],
    [3_599_400, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [172_800_000, '2 days'],
  ])('says %d ms as %s', (ms, words) => expect(duration(ms)).toBe(words));

  it('of a step under way counts from its start', () => {
    expect(treeLines(status({ steps: [handingOver] }), { ...plain, now: now + 60_000 })[1]).toContain('1 min 2 s');
  });
});
