import './patience.ts';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { sweepOnboard } from './host/command.ts';
import { sweptKinds } from './kinds.ts';
import { matching, nameOf, placeOf } from './points.ts';
import type { PointResult, SweepResult } from './sweep.ts';
import { sweep } from './sweep.ts';

const usage = `Usage: node --import tsx test/sweep/main.ts [kind ...] [options]

Cuts off a worker at each place of a run, one place a run, and compares what each run leaves. Without a kind, all of:
${[...Object.keys(sweptKinds), 'host.onboard'].join(', ')}

  --points <pattern>  only the points whose name has it; * stands for anything
  --except <file>     leave out the points of this file, a name a line: to go on where a sweep was ended
  --lanes <n>         runs beside each other, default 2
  --steps <name>,…    of host.onboard: the steps that a fault befalls, burn-in,admit-node; all of them unless given
  --list              name the points and run none
  --json              results on standard output, progress on standard error
`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    points: { type: 'string', default: '*' },
    except: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    steps: { type: 'string' },
    list: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
if (positionals.includes('host.onboard')) process.exit(await sweepOnboard(positionals, values));
const known = Object.keys(sweptKinds) as (keyof typeof sweptKinds)[];
const kinds = positionals.length === 0 ? known : known.filter((kind) => positionals.includes(kind));
if (kinds.length < Math.max(1, positionals.length)) {
  process.stderr.write(`no such kind: ${positionals.join(', ')}; there are ${[...known, 'host.onboard'].join(', ')}\n`);
  process.exit(2);
}
// Progress goes where it doesn't spoil JSON.
const out = values.json ? process.stderr : process.stdout;
const say = (line: string): void => void out.write(`${line}\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const done = new Set(values.except === undefined ? [] : readFileSync(values.except, 'utf8').split('\n'));
const results: Record<string, SweepResult> = {};
for (const name of kinds) {
  const folder = resolve('.gantry', 'sweep', name);
  rmSync(folder, { recursive: true, force: true });
  say(`Kill sweep of ${name}: one cut a run`);
  results[name] = await sweep({
    kind: sweptKinds[name],
    folder,
    lanes: Number(values.lanes),
    rehearsals: 3,
    choose: (points) =>
      values.list ? [] : matching(points, values.points).filter((point) => !done.has(nameOf(point))),
    onBaseline: (points, chosen, { effects }) => {
      say(`${points.length} points, ${chosen.length} chosen; an undisturbed run has ${effects.length} effects:`);
      for (const effect of effects) say(`  ${effect}`);
      if (values.list) for (const point of points) say(nameOf(point));
    },
    onPoint: (result, count, of) => say(line(result, count, of)),
  });
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(results[name], null, 2)}\n`);
}
const all = Object.values(results).flatMap(({ points }) => points);
if (values.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
summary(all);
process.exit(all.some(({ faults }) => faults.length > 0) ? 1 : 0);

function line({ name, ms, faults, evidence }: PointResult, count: number, of: number): string {
  const at = `[${String(count).padStart(String(of).length)}/${of}]`;
  const head = `${at} ${faults.length === 0 ? 'ok  ' : 'FAIL'} ${(ms / 1000).toFixed(1).padStart(5)} s  ${name}`;
  return [head, ...faults.map((fault) => `         ${fault}`), ...(evidence ? [`         ${evidence}`] : [])].join(
    '\n',
  );
}

function summary(points: readonly PointResult[]): void {
  const groups = new Map<string, PointResult[]>();
  for (const point of points) groups.set(groupOf(point.name), [...(groups.get(groupOf(point.name)) ?? []), point]);
  say('');
  for (const [group, members] of groups) {
    const failed = members.filter(({ faults }) => faults.length > 0).length;
    const seconds = members.reduce((sum, { ms }) => sum + ms, 0) / 1000 / members.length;
    say(
      `  ${group.padEnd(44)} ${String(members.length).padStart(4)} points  ${String(failed).padStart(3)} failed  ${seconds.toFixed(1)} s each`,
    );
  }
  const sum = (of: (point: PointResult) => number): number => points.reduce((total, point) => total + of(point), 0);
  const failed = points.filter(({ faults }) => faults.length > 0).length;
  const seconds = Object.values(results).reduce((total, { ms }) => total + ms, 0) / 1000;
  say(
    `  requests that found it done already (no effect): ${sum(({ empty }) => empty.length)}; ${seconds.toFixed(0)} s in all`,
  );
  say(
    `${points.length} points, ${points.length - failed} passed, ${failed} failed; ` +
      `duplicated ${sum(({ duplicated }) => duplicated.length)}, missing ${sum(({ missing }) => missing.length)}, ` +
      `two primaries ${sum(({ twoPrimaries }) => Number(twoPrimaries))}, ` +
      `lost ${sum(({ lost }) => lost)} of ${sum(({ acked }) => acked)} acknowledged`,
  );
}

/** `kill before driver calls of redisHandover.ensure`. */
function groupOf(name: string): string {
  const cut = /^(stop|race):/.exec(name)?.[1] ?? 'kill';
  const place = placeOf(name);
  if (place.startsWith('task#')) return `${cut} at a workflow task`;
  const [what = '', when = ''] = place.split(':');
  const activity = /@([^#]+)/.exec(place)?.[1];
  return what === 'activity' ? `${cut} ${when} an activity` : `${cut} ${when} a driver call of ${activity}`;
}
