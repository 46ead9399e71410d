import { setTimeout as pause } from 'node:timers/promises';
import type { ObjectStore } from '../../../src/drivers/s3/types.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ThawSeen } from '../../../src/planning/archive/recovery/index.ts';
import { afterAnswer, thawAction, thawCounts, thawMs } from '../../../src/planning/archive/recovery/index.ts';
import type { RestoreObject, Stored, ThawCounts, ThawTier } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RecoveryAccess, RecoveryDeps } from './access.ts';
import { withStore } from './access.ts';
import { copyOf, eachOf, objectsOf } from './objects.ts';

/** What a thaw is asked for. */
export type ThawInput = {
  archive: string;
  name: string;
  objects: Stored<RestoreObject>;
  days: number;
  /** How long it takes from a thawed object to its proven copy, all of them. */
  copyMs: number;
  expiryMarginMs: number;
  /** Instead of each object's own: asked for again, faster. */
  tier?: ThawTier;
};

/** How the objects stand, and what was asked of the store so far by this step. */
export type Thawed = ThawCounts & {
  objects: number;
  requests: number;
  /** Some of those that are not there yet, by key. */
  some: readonly string[];
};

const window = 16;
const shown = 5;

/**
 * Asks for every cold object, and again for copies that would expire before their turn. What is seen decides, object by object,
 * so that nothing is asked for twice: one that is thawing is left alone, unless a faster tier is wanted.
 */
export const requestThaw = defineStep<ThawInput, Thawed, RecoveryDeps>({
  name: 'archive.request-thaw',
  settleMs: 60_000,
  settleEveryMs: 2_000,
  probe: async (input, deps, context) => {
    const { seen, missing } = await lookAtAll(input, deps, context);
    if (missing.length > 0) return gone(seen, missing);
    const open = seen.cold + seen.expiring;
    const words = `${seen.ready} of ${seen.objects} can be read, ${seen.thawing} are thawing, ${seen.cold} are cold, ${seen.expiring} expire soon`;
    const begun = seen.ready + seen.thawing > 0;
    if (open > 0) return todo(seen, words, { begun });
    // Whether the faster tier was asked for cannot be seen from outside: it is asked for again, which the store takes once.
    if (input.tier !== undefined && seen.thawing > 0 && !hasAskedAll(context)) return todo(seen, words, { begun });
    return done(seen, words);
  },
  apply: async (input, _seen, deps, context) => {
    const access = await deps.recovery(input.archive);
    let requests = 0;
    const neededUntilMs = await neededUntil(access, input);
    await withStore(access, context, async (store) => {
      const { prefix } = access.config;
      await eachOf(objectsOf(deps.payloads, input.objects), window, async (object) => {
        if (object.tier === undefined || (await copyOf(store, prefix, input.name, object))) return;
        const seen = await see(store, object);
        const action = thawAction(seen, neededUntilMs);
        const faster = input.tier !== undefined && action === 'wait';
        if (action !== 'request' && action !== 'extend' && !faster) return;
        const tier = await ask(store, object, input, context.signal);
        // An extension is a request, and thaws nothing.
        const bytes = action === 'extend' ? 0 : object.size;
        for (const [name, by] of thawCounts(object.storageClass, tier, bytes)) context.count(name, by);
        requests += 1;
        context.progress({ requests });
      });
    });
    askedAll.add(context);
    // For the attempt after one whose answer was lost. One that was cut off before says how many, and the next one asks for all.
    context.progress({ requests, askedAll: true });
  },
});

/** Attempts that have sent all of their faster requests; they go with their attempt. */
const askedAll = new WeakSet<StepContext>();

/** Whether this attempt, or the one before it, has asked for every object. */
function hasAskedAll(context: StepContext): boolean {
  const { resumed } = context;
  return askedAll.has(context) || (typeof resumed === 'object' && resumed !== null && 'askedAll' in resumed);
}

/** The look of the wait: every object can be read, for as long as it is needed. It changes nothing. */
export const awaitThaw = defineStep<ThawInput, Thawed, RecoveryDeps>({
  name: 'archive.await-thaw',
  probe: async (input, deps, context) => {
    const { seen, missing } = await lookAtAll(input, deps, context);
    if (missing.length > 0) return gone(seen, missing);
    const { ready, objects, thawing, cold, expiring } = seen;
    const words = `${ready} of ${objects} can be read, ${thawing} are thawing${cold > 0 ? `, ${cold} are cold` : ''}${expiring > 0 ? `, ${expiring} expire soon` : ''}`;
    return ready === objects ? done(seen, words) : todo(seen, words, { begun: true });
  },
});

function gone(seen: Thawed, missing: readonly string[]) {
  const list = missing.slice(0, shown).join(', ');
  return blocked('ARCHIVE_OBJECT_CHANGED', seen, `${missing.length} objects are not there any more: ${list}`);
}

async function lookAtAll(
  input: ThawInput,
  { recovery, payloads }: RecoveryDeps,
  context: StepContext,
): Promise<{ seen: Thawed; missing: string[] }> {
  const access = await recovery(input.archive);
  const counts = { ready: 0, thawing: 0, cold: 0, expiring: 0, leftBytes: 0 };
  const missing: string[] = [];
  const some: string[] = [];
  let objects = 0;
  let firstExpiry = Number.POSITIVE_INFINITY;
  const neededUntilMs = await neededUntil(access, input);
  await withStore(access, context, (store) =>
    eachOf(objectsOf(payloads, input.objects), window, async (object) => {
      if (object.tier === undefined) return;
      objects += 1;
      // A copy outlives the thaw: its object need not be thawed again.
      if (await copyOf(store, access.config.prefix, input.name, object)) return void (counts.ready += 1);
      const seen = await see(store, object);
      if (seen.state === 'thawed') firstExpiry = Math.min(firstExpiry, seen.expiresAtMs);
      const action = thawAction(seen, neededUntilMs);
      if (action === 'missing') missing.push(object.key);
      else if (action === 'none') counts.ready += 1;
      else if (action === 'extend') counts.expiring += 1;
      else {
        counts[action === 'wait' ? 'thawing' : 'cold'] += 1;
        counts.leftBytes += object.size;
        if (some.length < shown) some.push(object.key);
      }
    }),
  );
  const expiry = Number.isFinite(firstExpiry) ? { firstExpiry: new Date(firstExpiry).toISOString() } : {};
  return { seen: { ...counts, objects, requests: 0, some, ...expiry }, missing };
}

async function neededUntil({ now }: RecoveryAccess, { copyMs, expiryMarginMs }: ThawInput): Promise<number> {
  return (await now()) + copyMs + expiryMarginMs;
}

async function see(store: ObjectStore, { key, versionId }: RestoreObject): Promise<ThawSeen> {
  const found = await store.head(key, versionId);
  return found ? found.thaw : { state: 'missing' };
}

/** Asks until the store takes it; answers with which tier it did. @throws ARCHIVE_THAW_NEVER_ENDS where it never does */
async function ask(
  store: ObjectStore,
  object: RestoreObject,
  input: ThawInput,
  signal: AbortSignal,
): Promise<ThawTier> {
  const own = object.tier ?? 'Standard';
  let tier = input.tier !== undefined && thawMs(object.storageClass, input.tier) !== undefined ? input.tier : own;
  for (let tries = 1; tries <= 12; tries += 1) {
    const answer = await store.restoreObject(object, { days: input.days, tier });
    const next = afterAnswer(answer, { storageClass: object.storageClass, tier, tries });
    if (next.is === 'settled') return tier;
    tier = next.tier;
    if (next.afterMs > 0) await pause(next.afterMs, undefined, { signal });
  }
  throw new GantryError('ARCHIVE_THAW_NEVER_ENDS', `the store has no capacity to thaw ${object.key}`);
}
