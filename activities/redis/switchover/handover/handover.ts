import { GantryError } from '../../../../src/errors/index.ts';
import type { RedisSwitchoverData } from '../../../../src/planning/redis/index.ts';
import type { Probe, StepContext } from '../../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../../src/steps/index.ts';
import type { RedisDeps } from '../../access/access.ts';
import { handOverByFailover } from './failover.ts';
import { handOverFast } from './fast.ts';
import { handOverBySentinel } from './sentinel.ts';
import { resumeHandover } from './resume.ts';
import { demotionOf } from './session.ts';
import { undoHandover } from './undo.ts';
import type { HandoverSeen } from './state.ts';
import { readHandover } from './state.ts';

/**
 * Demote, promote, redirect: one activity, since another one in between costs 20 ms without writes. Killed anywhere, the
 * next attempt goes on from where the nodes are; a predecessor that still acts is refused by the nodes (the epoch).
 */
export const handover = defineStep<RedisSwitchoverData, HandoverSeen, RedisDeps>({
  name: 'redis.handover',
  probe: async (data, { groups }, context) => judge(await readHandover(await groups(data.group), data), data, context),
  apply: async (data, seen, { groups, log }, context) => {
    const access = await groups(data.group);
    const given = { data, access, log, context, seen };
    if (data.sentinel && seen.state !== 'promoted') return handOverBySentinel(given);
    if (seen.state !== 'before' && seen.state !== 'failing-over') return resumeHandover(given);
    return data.procedure === 'fast' ? handOverFast(given) : handOverByFailover(given);
  },
  undo: async (data, _before, { groups }, context) => undoHandover(data, await groups(data.group), context),
});

function judge(seen: HandoverSeen, data: RedisSwitchoverData, context: StepContext): Probe<HandoverSeen> {
  const [from, to] = [data.primary.name, data.candidate.name];
  switch (seen.state) {
    case 'before':
      return todo(seen, `${from} is primary, ${to} its replica`);
    case 'failing-over':
      if (data.procedure === 'fast' || data.procedure === 'sentinel')
        return blocked('REDIS_ROLES_CHANGED', seen, `a FAILOVER from ${from} that this run did not start is under way`);
      return todo(seen, `a FAILOVER from ${from} is under way`, { begun: true });
    case 'between':
      return todo(seen, `${from} is demoted, ${to} not yet promoted: nothing takes writes`, { begun: true });
    case 'candidate-lost':
      return todo(seen, `${from} is demoted and ${to} can't be reached: nothing takes writes`, { begun: true });
    case 'promoted':
      return todo(seen, `${to} is primary; ${whatIsMissing(seen, data)}`, { begun: true });
    case 'done':
      return done(seen, `${to} is primary, ${from} follows it, the discovery names ${to}`);
    case 'split':
      if (data.sentinel) return todo(seen, `${to} is promoted, ${from} not yet demoted`, { begun: true });
      return blocked('REDIS_SPLIT_BRAIN', seen, `${from} and ${to} both say that they are primary`);
    case 'changed':
      return blocked('REDIS_ROLES_CHANGED', seen, `${from} and ${to} have other roles than this handover starts from`);
    case 'unknown':
      if (demotionOf(context)) return todo(seen, `${from} was demoted and can't be reached`, { begun: true });
      throw new GantryError('REDIS_UNREACHABLE', `${from} can't be reached: whether it is demoted is not known`, {
        evidence: { seen },
      });
  }
}

function whatIsMissing({ primary, discovery }: HandoverSeen, data: RedisSwitchoverData): string {
  if ('missing' in primary) return `${data.primary.name} can't be reached`;
  if (discovery.kind === 'problem') return `the discovery gives no answer (${discovery.message})`;
  if (discovery.kind === 'nothing') return 'the discovery knows no primary';
  return `the discovery still names ${discovery.primary.host}:${discovery.primary.port}`;
}
