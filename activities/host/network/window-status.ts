/** How a window stands, by its own folder and by systemd on the host. */
export type WindowStatus = {
  id: string;
  unit: string;
  /** Of the time that the dead-man leaves, by the host's own monotonic clock. Seconds; absent before it is armed. */
  leftS?: number;
  /** Whether the dead-man's timer is waiting to fire, and whether its revert is under way. */
  deadman: boolean;
  /** When the timer fires, in systemd's words: since the host's boot. */
  fires?: string;
  reverting: boolean;
  applying: boolean;
  applied: boolean;
  /** What kept the change from being applied. */
  failed?: string;
  /** Decided once, for good. */
  decided?: 'committed' | 'reverted';
  /** Who had it reverted: `timer`, `worker`, `boot`, `console`. */
  by?: string;
  ended?: string;
  /** By card: `down` while it is taken down, then how it went. */
  drills: Readonly<Record<string, string>>;
};

/** What `window status` printed. Pure. @throws Error without an id and a unit */
export function readStatus(text: string): WindowStatus {
  const said = new Map<string, string>();
  const drills: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, key = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
    const drill = key === 'drill' ? /^(\S+) (.*)$/.exec(value) : null;
    if (drill?.[1] !== undefined) drills[drill[1]] = drill[2] ?? '';
    else said.set(key, value);
  }
  const [id, unit] = [said.get('id'), said.get('unit')];
  if (id === undefined || unit === undefined) throw new Error('a window without an id or a unit');
  const [now, armed, seconds] = ['now', 'armed', 'seconds'].map((key) => Number(said.get(key) ?? NaN));
  const leftS = (armed ?? NaN) + (seconds ?? NaN) - (now ?? NaN);
  const given = (key: 'failed' | 'by' | 'ended' | 'fires'): Partial<Record<typeof key, string>> => {
    const value = said.get(key);
    return value === undefined ? {} : { [key]: value };
  };
  const decided = said.get('decided');
  return {
    ...{ id, unit, drills },
    ...(Number.isNaN(leftS) ? {} : { leftS }),
    deadman: said.get('deadman') === 'active',
    reverting: said.get('reverting') === 'active',
    applying: said.has('applying'),
    applied: said.has('applied'),
    ...given('fires'),
    ...given('failed'),
    ...given('by'),
    ...given('ended'),
    ...(decided === 'committed' || decided === 'reverted' ? { decided } : {}),
  };
}
