import { GantryError } from '../src/errors/index.ts';
import { evidenceLines, problemLines } from '../src/cli/render/problem.ts';
import { demoArchive } from './archive/restore.ts';
import { demoClickHouseRebalance } from './clickhouse/rebalance.ts';
import { agree, demoRedisFailover } from './redis/failover.ts';
import { demoHostOnboard } from './host/onboard.ts';
import { environmentOf, lastLook, nextCommands } from './last-look.ts';
import { demoRedisSwitchover } from './redis/switchover.ts';
import { demoRegionRollout } from './region/rollout.ts';
import { say, table, title } from './say.ts';
import type { Stage } from './stage.ts';
import { openStage } from './stage.ts';

// `make demo`: the main job on real parts of this machine. ONLY=<name> shows one part, ALL=1 every part, one after the other;
// KEEP=1 stays up afterwards.

/** A demo answers whether what it promises was seen. */
const demos: Record<string, (stage: Stage) => Promise<boolean>> = {
  'redis.switchover': async (stage) => {
    const { outcome, lost, twoPrimaries } = await demoRedisSwitchover(stage);
    return outcome === 'done' && lost === 0 && !twoPrimaries;
  },
  'redis.failover': async (stage) => {
    const figures = await demoRedisFailover(stage);
    return figures.done && agree(figures) && !figures.twoPrimaries;
  },
};

/** Shown by name alone: they need parts that `make demo` without a name does not install. */
const named: typeof demos = {
  clickhouse: async (stage) => {
    const { outcome, lost, doubled, digestsEqual, rowsMoved } = await demoClickHouseRebalance(stage);
    return outcome === 'done' && lost === 0 && doubled === 0 && digestsEqual && rowsMoved > 0;
  },
  host: async (stage) => {
    const { outcomes, changedAgain, schedulable } = await demoHostOnboard(stage);
    return outcomes.every((outcome) => outcome === 'done') && changedAgain.length === 0 && schedulable;
  },
  archive: async (stage) => {
    const { outcomes, rows, digestsEqual, drillAgrees, proven, thawed } = await demoArchive(stage);
    const done = outcomes.every((outcome) => outcome === 'done');
    return done && rows >= 1_000_000 && digestsEqual && drillAgrees && proven && thawed > 0;
  },
  region: async (stage) => {
    const { outcomes, gates, passed, secondRunWrites } = await demoRegionRollout(stage);
    return outcomes.every((outcome) => outcome === 'done') && gates > 0 && passed === gates && secondRunWrites === 0;
  },
};
const all = { ...demos, ...named };

const only = process.env['ONLY'];
if (only && !all[only]) {
  console.error(`no demo is called ${only}; there are ${Object.keys(all).join(', ')}`);
  process.exit(2);
}
if (process.env['ALL'] && (only || process.env['KEEP'])) {
  console.error('ALL=1 shows everything, one after the other: neither ONLY nor KEEP goes with it');
  process.exit(2);
}
const byDefault = only ? [only] : Object.keys(demos);
// Each on a stage of its own: their workers take the same queue, with a platform file each.
const acts = process.env['ALL'] ? [Object.keys(demos), ...Object.keys(named).map((name) => [name])] : [byDefault];
const ends: [string, string][] = [];
for (const shown of acts) {
  const { code, missing } = await perform(shown);
  // What was interrupted still watches a server that is gone.
  if (code === 130) process.exit(code);
  const left = acts.length > 1 && missing !== undefined;
  if (code !== 0 && !left) process.exitCode = code;
  const seen = code === 0 ? 'what it promises was seen' : 'NOT AS PROMISED: see above';
  ends.push([shown.join(', '), left ? `not shown: ${missing}` : seen]);
}
if (acts.length > 1) {
  title('All demos');
  table(ends);
}

/** Shows these on a stage of their own. `missing`: the part of the lab that one of them needs and that is not there. */
async function perform(shown: readonly string[]): Promise<{ code: number; missing?: string }> {
  title('Gantry demo: real parts, on this machine, gone when it ends');
  const interrupted = new Promise<'interrupted'>((resolve) => {
    process.once('SIGINT', () => resolve('interrupted'));
    process.once('SIGTERM', () => resolve('interrupted'));
  });
  const stage = await openStage();
  try {
    const good = await Promise.race([play(stage, shown), interrupted]);
    if (good === 'interrupted') return { code: 130 };
    if (process.env['KEEP']) await keep(stage, shown, interrupted);
    return { code: good ? 0 : 1 };
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    const trouble = { code: error.code, message: error.message, hint: error.hint, problems: [...error.problems] };
    for (const line of problemLines(trouble, { color: process.stderr.isTTY, width: 100, now: Date.now() }))
      console.error(line);
    for (const line of evidenceLines(error.evidence)) console.error(line);
    return { code: 1, ...(error.code === 'LAB_PART_MISSING' ? { missing: error.message } : {}) };
  } finally {
    await stage.close();
    say('everything that the demo started has been stopped');
  }
}

async function play(stage: Stage, shown: readonly string[]): Promise<boolean> {
  let good = true;
  for (const name of shown) good = ((await all[name]?.(stage)) ?? false) && good;
  return (await lastLook(stage, nextCommands(shown))) && good;
}

async function keep(stage: Stage, shown: readonly string[], interrupted: Promise<unknown>): Promise<void> {
  title('Still running, to be explored; Ctrl-C ends it');
  say(`Temporal UI    ${stage.temporal.uiUrl}`);
  const environment = Object.entries(environmentOf(stage)).map(([name, value]) => `${name}=${value}`);
  say(`in another terminal:  export ${environment.join(' ')}`);
  const commands = [['runs'], ...nextCommands(shown)].map((command) => `bin/gantry ${command.join(' ')}`);
  say(`                      ${commands.join(';  ')}`);
  await interrupted;
}
