import { auditGroup } from '../../../src/planning/redis/index.ts';
import type { RedisGroupHealth } from '../../../src/runs/index.ts';
import { storeHealth } from '../../../src/runs/index.ts';
import { defineStep, done, todo, unknown } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readFacts } from '../group/read-facts.ts';

/**
 * A gate: whether a group stands as the platform file says, by the rules of `redis audit`, without the write that an audit makes. Nodes
 * that do not answer leave it inconclusive where nothing else is wrong.
 */
export const groupHealthy = defineStep<{ group: string }, RedisGroupHealth, RedisDeps>({
  name: 'redis.group-healthy',
  probe: async ({ group }, { groups }, { signal }) => {
    const access = await groups(group);
    const facts = await readFacts(access, signal);
    const silent = facts.nodes.flatMap(({ name, problem }) => (problem ? [name] : []));
    const wrong = auditGroup(access.config, facts);
    const seen = storeHealth(wrong.map(({ code, message, place }) => ({ code, message, at: place ?? group })));
    const [primary] = facts.nodes.filter(({ reading }) => reading?.role === 'primary');
    const { problems, words } = seen;
    const observed = { ...seen, ...(primary ? { primary: primary.name } : {}) };
    if (problems === 0) return done(observed, `${group}: ${primary?.name} is primary, ${facts.nodes.length} nodes`);
    const onlySilent = wrong.every(({ place }) => place !== undefined && silent.includes(place));
    return (onlySilent ? unknown : todo)(observed, `${group}: ${words}`);
  },
});
