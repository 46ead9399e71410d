import { inTurn } from '../support/commit.ts';

/**
 * How a worker is cut off: `kill` = SIGKILL; `stop` = SIGSTOP, woken when its leases are over and another worker has
 * finished the run; `race` = SIGSTOP, woken at the very moment when another worker begins the same activity.
 */
export type Cut = 'kill' | 'stop' | 'race';

/** One place of a run where its worker is cut off, and how. */
export type Point = {
  cut: Cut;
  /**
   * `task#7`: the 7th workflow task, before its answer is sent. `activity:before:redisHandover.ensure#1`.
   * `driver:after:redis.demote#1@redisHandover.ensure#1`: the first `demote` of that activity.
   */
  place: string;
};

/** `task#7`, `stop:driver:before:redis.promote#1@…`: kills have no prefix. */
export function nameOf({ cut, place }: Point): string {
  return cut === 'kill' ? place : `${cut}:${place}`;
}

/** Of a point, by its name: where it cuts. */
export function placeOf(name: string): string {
  return name.replace(/^(?:stop|race):/, '');
}

/** Which places are worth more than a kill, by kind of run. */
export type Rules = {
  /** The activity that makes the decisive change: stopped at each of its driver calls, raced before each. */
  decisive: string;
  /** Driver calls that only look, `redis.info` or `discovery.read`: before every other one the worker is stopped and raced. */
  reads: readonly string[];
  /**
   * The activities of this kind alone, where the runs that are a part of it have a sweep of their own: only these are cut, and
   * within them only calls that change something. Every activity and call unless given.
   */
  own?: readonly string[];
  /** Activities of `own` of which every driver call is cut, one that only looks too. */
  whole?: readonly string[];
};

/**
 * The points of a kind: every place that all of the undisturbed runs went through, in the order of the first. A place
 * that only some runs have (one more look of a polling loop) can't be aimed at.
 */
export function enumerate(
  traces: readonly (readonly string[])[],
  { decisive, reads, own, whole = [] }: Rules,
): Point[] {
  const changes = (place: string, when: string): boolean => {
    const call = new RegExp(`^driver:(?:${when}):([^#]+)`).exec(place)?.[1];
    return call !== undefined && !reads.includes(call);
  };
  const isOwn = (place: string): boolean =>
    own === undefined ||
    place.startsWith('task#') ||
    (own.some((activity) => new RegExp(`[:@]${activity}[.#]`).test(place)) &&
      (place.startsWith('activity:') ||
        changes(place, 'before|after') ||
        whole.some((one) => place.includes(`@${one}#`))));
  const [first = [], ...others] = traces.map((trace) => [...new Set(trace)]);
  const places = first.filter((place) => isOwn(place) && others.every((other) => other.includes(place)));
  const isDecisive = (place: string): boolean => place.startsWith('driver:') && place.includes(`@${decisive}`);
  const isWrite = (place: string): boolean => changes(place, 'before');
  const cutAt = (cut: Cut, worthIt: (place: string) => boolean): Point[] =>
    places.filter(worthIt).map((place) => ({ cut, place }));
  return [
    ...cutAt('kill', () => true),
    ...cutAt('stop', (place) => place.startsWith('activity:') || isDecisive(place) || isWrite(place)),
    ...cutAt('race', (place) => isWrite(place) || (isDecisive(place) && place.startsWith('driver:before:'))),
  ];
}

/** The points whose name has `pattern` in it (`*` stands for anything). */
export function matching(points: readonly Point[], pattern: string): Point[] {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  const expression = new RegExp(parts.join('.*'));
  return points.filter((point) => expression.test(nameOf(point)));
}

/** Parts of a run, by patterns of their points' names, that samples take their turns over. `turn`: one more with each commit. */
export type Rotation = { phases: readonly string[]; turn: number };

/**
 * `count` points: those of `always` (by name), then one of each phase in turn, as many as there is room for; the rest drawn by `seed`, the
 * same for the same seed and points.
 */
export function sampleOf(
  points: readonly Point[],
  count: number,
  seed: string,
  always: readonly string[],
  { phases, turn }: Rotation = { phases: [], turn: 0 },
): Point[] {
  const rest = points.filter((point) => !always.includes(nameOf(point)));
  const chosen = points.filter((point) => always.includes(nameOf(point)));
  const random = generator(seed);
  const room = Math.max(0, count - chosen.length);
  for (const phase of inTurn(phases, room, turn)) {
    const ofPhase = matching(rest, phase);
    const [point] = ofPhase.splice(Math.floor(random() * ofPhase.length), 1);
    if (point) chosen.push(...rest.splice(rest.indexOf(point), 1));
  }
  while (chosen.length < count && rest.length > 0) {
    chosen.push(...rest.splice(Math.floor(random() * rest.length), 1));
  }
  return chosen;
}

/** Numbers in [0, 1) from a text: FNV-1a for the seed, mulberry32 for the sequence. */
function generator(seed: string): () => number {
  let state = 0x811c9dc5;
  for (const char of seed) state = Math.imul(state ^ char.charCodeAt(0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
