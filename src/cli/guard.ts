import type { Client } from '@temporalio/client';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { GuardAnswer } from '../client/index.ts';
import { guardStatus, startGuard, updateGuard } from '../client/index.ts';
import { GantryError } from '../errors/index.ts';
import { parseDuration } from '../platform/index.ts';
import { redisGuard, validateGuardInput } from '../registry/index.ts';
import type { RedisGuardInput } from '../runs/index.ts';
import { guardModes } from '../runs/index.ts';
import type { Settings } from '../settings/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { asOption, globals, withServer } from './options.ts';
import { print, printJson, remark } from './output.ts';
import { clean } from './render/clean.ts';
import { guardLines } from './render/guard.ts';

type GuardFlags = GlobalOptions & {
  mode?: RedisGuardInput['mode'];
  status?: boolean;
  pause?: boolean;
  resume?: boolean;
  stop?: boolean;
  for?: string;
  reason?: string;
  as: string;
};

const verbs = ['status', 'pause', 'resume', 'stop'] as const;

/** `gantry redis guard <group>`: starts a group's guard, or speaks to the one that runs. Under the registry's `redis`. */
export function addGuard(program: Command, context: CliContext): void {
  const command = program.commands
    .find((one) => one.name() === 'redis')
    ?.command('guard')
    .summary(redisGuard.summary)
    .description(`${redisGuard.summary}.\n\nIn full: ${redisGuard.docs}`)
    .argument('<group>', 'the Redis group, by its name in the platform file')
    .addOption(
      new Option('--mode <mode>', 'what is done about a dead primary (default: `failover.mode` of the group)').choices([
        ...guardModes,
      ]),
    );
  for (const verb of verbs) {
    const others = verbs.filter((other) => other !== verb);
    command?.addOption(new Option(`--${verb}`, helps[verb]).conflicts(['mode', ...others]));
  }
  command
    ?.option('--for <duration>', 'with --pause: it resumes by itself after this (90m, 2h)')
    .option('--reason <text>', 'why, for the record')
    .addOption(asOption(context))
    .addHelpText('after', `\nExample input for the Temporal UI:\n${JSON.stringify(redisGuard.example, null, 2)}`)
    .action(async (group: string, _options: unknown, self: Command) => {
      const flags = globals(self) as GuardFlags;
      const forMs = pauseMs(flags);
      await withServer(context, flags, (client, settings) => act(context, client, settings, { group, flags, forMs }));
    });
}

const helps = {
  status:
    'the state of the guard, and what its watch has reported since; exit code 1 in alarm or when no worker watches',
  pause: 'stop watching for maintenance; needs --reason',
  resume: 'watch again',
  stop: 'end the guard; a failover that it started goes on',
} satisfies Record<(typeof verbs)[number], string>;

/** @throws GantryError USAGE */
function pauseMs({ pause, for: words, reason }: GuardFlags): number | undefined {
  if (pause && reason === undefined)
    throw new GantryError('USAGE', '--pause needs --reason: other operators must be able to see why');
  if (words === undefined) return undefined;
  if (!pause) throw new GantryError('USAGE', '--for goes with --pause');
  const ms = parseDuration(words);
  if (ms === undefined || ms <= 0) throw new GantryError('USAGE', `--for ${words}: write 90m, 2h or 1d`);
  return ms;
}

type Asked = { group: string; flags: GuardFlags; forMs: number | undefined };

async function act(context: CliContext, client: Client, { taskQueue }: Settings, { group, flags, forMs }: Asked) {
  const { as: by, reason, mode } = flags;
  const why = reason === undefined ? {} : { reason };
  if (flags.pause) {
    const request = { by, reason: reason ?? '', ...(forMs === undefined ? {} : { forMs }) };
    return decided(context, flags, await updateGuard(client, group, 'pause', request));
  }
  if (flags.resume) {
    return decided(context, flags, await updateGuard(client, group, 'resume', { by, ...why }));
  }
  if (flags.stop) {
    return decided(context, flags, await updateGuard(client, group, 'stop', { by, ...why }));
  }
  if (flags.status) {
    const answer = await guardStatus(client, group);
    const state = answer.status?.state;
    if (state === undefined || state === 'alarm' || state === 'unwatched') context.exitCode = 1;
    return show(context, answer, flags);
  }
  const input: RedisGuardInput = { group, requestedBy: by, ...(mode === undefined ? {} : { mode }), ...why };
  const { started, ...answer } = await startGuard(client, input, { taskQueue, check: validateGuardInput });
  if (!flags.json)
    remark(context, [`${started ? 'started' : 'runs already:'} ${answer.workflowId} (run ${answer.runId})`]);
  show(context, answer, flags, started);
}

/** The state that an update has set: what the watch told before is not asked for again. */
function decided(context: CliContext, flags: GuardFlags, status: NonNullable<GuardAnswer['status']>): void {
  show(context, { status, workflowId: status.workflowId, runId: status.runId }, flags);
}

function show(context: CliContext, answer: GuardAnswer, { json }: GuardFlags, started?: boolean): void {
  const { workflowId, runId, status, live, note } = answer;
  const rest = { ...(status ? { guard: status } : {}), ...(live ? { live } : {}), ...(note ? { note } : {}) };
  if (json) printJson(context, 'guard', { workflowId, runId, ...(started === undefined ? {} : { started }), ...rest });
  else print(context, guardLines(clean(answer), canvasOf(context)));
}
