import type { Command } from 'commander';
import { auditRedis } from '../client/index.ts';
import type { RedisAudit } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { globals, withServer } from './options.ts';
import { print, printJson } from './output.ts';
import type { Check } from './render/checks.ts';
import { checkLines, unknown } from './render/checks.ts';
import { clean } from './render/clean.ts';

/** `gantry redis audit [group]`, under the `redis` command of the registry's verbs. Exit code 1 on any finding. */
export function addAudit(program: Command, context: CliContext): void {
  program.commands
    .find((command) => command.name() === 'redis')
    ?.command('audit')
    .description(
      'Look at Redis groups and compare them with the platform file; changes no role and no setting, writes one small key',
    )
    .argument('[group]', 'default: every group of the platform file')
    .action(async (group: string | undefined, _options: unknown, self: Command) => {
      const flags = globals(self);
      await withServer(context, flags, async (client, { taskQueue }) => {
        const audit = await auditRedis(client, taskQueue, group === undefined ? {} : { group });
        if (audit.groups.some(({ findings }) => findings.length > 0)) context.exitCode = 1;
        if (flags.json) printJson(context, 'audit', { audit });
        else print(context, checkLines(clean(auditChecks(audit)), canvasOf(context)));
      });
    });
}

/** What a group lacks on which no run has acted yet: the first one that does sets it. */
const setByTheFirstRun = 'REDIS_WRITE_SAFETY_DEVIATES';

/** The audit for the doctor: what a group that is new has not been given yet was left so by no run. */
export function doctorsAudit(audit: RedisAudit): Check[] {
  return audit.groups.flatMap((one) => {
    const news = one.untouched ? one.findings.filter(({ code }) => code === setByTheFirstRun) : [];
    const rest = one.findings.filter((finding) => !news.includes(finding));
    const fact = `new: no run has changed it yet, and its nodes do not have the write safety of the platform file (${news.map(({ place }) => place).join(', ')})`;
    const next = `the first switchover sets it; by hand: ${news[0]?.hint ?? ''}`;
    return [
      ...(news.length > 0 ? [unknown(`redis ${one.group}`, fact, next)] : []),
      ...(rest.length > 0 || news.length === 0 ? auditChecks({ groups: [{ ...one, findings: rest }] }) : []),
    ];
  });
}

/** One line per group that is well, one per finding elsewhere. */
export function auditChecks({ groups }: RedisAudit): Check[] {
  return groups.flatMap(({ group, primary, findings }): Check[] => {
    const name = `redis ${group}`;
    if (findings.length === 0)
      return [{ name, state: 'ok', fact: `as the platform file says${primary ? `, primary ${primary}` : ''}` }];
    return findings.map(({ code, message, place, hint }) => ({
      name: place === undefined ? name : `${name} ${place}`,
      state: 'bad',
      fact: `${code}: ${message}`,
      next: hint,
    }));
  });
}
