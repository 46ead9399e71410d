import { readFileSync } from 'node:fs';
import type { Ssh } from '../../../src/drivers/ssh/index.ts';
import { shellLine } from '../../../src/drivers/ssh/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { script } from '../access/script.ts';
import type { NetworkPlaces, NetworkSpec } from './spec.ts';
import { ownFiles } from './spec.ts';
import type { WindowStatus } from './window-status.ts';
import { readStatus } from './window-status.ts';

const armScript = readFileSync(new URL('arm.sh', import.meta.url), 'utf8');
const windowScript = readFileSync(new URL('window.sh', import.meta.url), 'utf8');

/** For one command of the window: none of them waits for the network. Milliseconds. */
const verbMs = 30_000;
/** Arming takes a snapshot, flushes it, and has systemd read its units again. */
const armMs = 60_000;

export type WindowOptions = {
  /** The step's unit: an attempt that follows finds its predecessor's window by it. */
  unit: string;
  bond: string;
  /** As the kernel calls them. */
  cards: readonly string[];
  /** How long the host waits for the commit. */
  confirmWithinMs: number;
  /** The digest of the files that the decision rests on; with others nothing is opened. */
  filesDigest: string;
} & (
  | { spec: NetworkSpec }
  /** An undo: what this window found is put back. */
  | { restores: string }
);

export type Opened =
  | { kind: 'own'; id: string; resumed: boolean }
  | { kind: 'other'; id: string; unit: string }
  | { kind: 'changed'; filesDigest: string };

type Options = { signal?: AbortSignal };

/** The windows of one host, through whichever connection is given. */
export type Windows = {
  open: (ssh: Ssh, options: WindowOptions, call?: Options) => Promise<Opened>;
  status: (ssh: Ssh, id: string, call?: Options) => Promise<WindowStatus>;
  /** Starts a part of it on the host, detached, unless it runs: `apply`, a `drill` of a card, a `revert` at once. */
  start: (ssh: Ssh, id: string, verb: 'apply' | 'drill' | 'revert', word?: string, call?: Options) => Promise<void>;
  /** Tells the drill of a card that the host was reached while the card is down. */
  seen: (ssh: Ssh, id: string, card: string, call?: Options) => Promise<void>;
  /** A whole frame out through the bond to the gateway: whether it was answered by whole frames, and ping's last lines. */
  outward: (ssh: Ssh, id: string, call?: Options) => Promise<{ answered: boolean; said: string }>;
  /** `refused`: the revert had begun, or nothing was applied. Exactly one of commit and revert is ever decided. */
  commit: (ssh: Ssh, id: string, call?: Options) => Promise<'committed' | 'refused'>;
  /** Whether what the window found is there again. */
  asBefore: (ssh: Ssh, id: string, call?: Options) => Promise<boolean>;
  /** What a window of the past was about. */
  facts: (ssh: Ssh, id: string, call?: Options) => Promise<{ unit: string; bond: string; cards: readonly string[] }>;
};

/** @throws all of them: SSH_FAILED, HOST_NETWORK_REFUSED */
export function windowsAt(places: NetworkPlaces, extra: Readonly<Record<string, string>> = {}): Windows {
  const verb = async (
    ssh: Ssh,
    id: string,
    words: readonly string[],
    call: Options = {},
    any = false,
  ): Promise<{ code: number | null; stdout: string }> => {
    const end = await ssh.run(['sh', `${places.base}/${id}/window`, ...words], { timeoutMs: verbMs, ...call });
    if (end.code !== 0 && !any) throw refused(ssh, words[0] ?? '', end);
    return end;
  };
  return {
    async open(ssh, options, call = {}) {
      const files = 'spec' in options ? Object.entries(options.spec.files).flat() : [];
      const conf = confOf(places, options, extra);
      const argv = [places.base, options.unit, options.filesDigest, conf, windowScript, ...files];
      const end = await ssh.run(script('open-window', armScript, ...argv), { timeoutMs: armMs, ...call });
      const [what, id = '', more = ''] = end.stdout.trim().split('\n').at(-1)?.split(' ') ?? [];
      if (end.code !== 0 || id === '') throw refused(ssh, 'arm', end);
      if (what === 'window') return { kind: 'own', id, resumed: more === 'open' };
      if (what === 'other') return { kind: 'other', id, unit: end.stdout.trim().split(' ').slice(2).join(' ') };
      if (what === 'changed') return { kind: 'changed', filesDigest: id };
      throw refused(ssh, 'arm', end);
    },
    async status(ssh, id, call) {
      const { stdout } = await verb(ssh, id, ['status'], call);
      try {
        return readStatus(stdout);
      } catch {
        throw refused(ssh, 'status', { code: 0, stdout });
      }
    },
    async start(ssh, id, what, word, call) {
      await verb(ssh, id, ['start', what, ...(word === undefined ? [] : [word])], call);
    },
    async seen(ssh, id, card, call) {
      await verb(ssh, id, ['seen', card], call);
    },
    async outward(ssh, id, call) {
      const { stdout } = await verb(ssh, id, ['outward'], call, true);
      const received = Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
      return { answered: received > 0 && !stdout.includes('in pieces'), said: stdout.trim().slice(0, 500) };
    },
    async commit(ssh, id, call) {
      const end = await verb(ssh, id, ['commit'], call);
      const said = end.stdout.trim().split('\n').at(-1) ?? '';
      if (said === 'committed') return 'committed';
      if (said.startsWith('refused')) return 'refused';
      throw refused(ssh, 'commit', end);
    },
    async asBefore(ssh, id, call) {
      return (await verb(ssh, id, ['asbefore'], call)).stdout.trim() === 'yes';
    },
    async facts(ssh, id, call) {
      const { stdout } = await verb(ssh, id, ['facts'], call);
      const of = (key: string): string => new RegExp(`^${key} (.*)$`, 'm').exec(stdout)?.[1] ?? '';
      return { unit: of('unit'), bond: of('bond'), cards: of('cards').split(' ') };
    },
  };
}

/** Shell assignments, each value one quoted word. */
function confOf(places: NetworkPlaces, options: WindowOptions, extra: Readonly<Record<string, string>>): string {
  const { bond, cards, confirmWithinMs } = options;
  const spec = 'spec' in options ? options.spec : undefined;
  const values: Record<string, string> = {
    ...{ networks: places.networks, rules: places.rules, units: places.units, sys: places.sys },
    ...{ bond, cards: cards.join(' '), names: ownFiles.join(' '), seconds: String(Math.ceil(confirmWithinMs / 1_000)) },
    digest: spec?.digest ?? '',
    functions: String(spec?.bond.virtualFunctions ?? 0),
    gateway: spec?.gateway ?? '',
    payload: String(spec?.pingBytes ?? 0),
    restores: 'restores' in options ? options.restores : '',
    ...extra,
  };
  return Object.entries(values)
    .map(([key, value]) => `${key}=${shellLine([value])}\n`)
    .join('');
}

function refused(ssh: Ssh, verb: string, end: { code: number | null; stdout: string; stderr?: string }): GantryError {
  const said = (end.stderr ?? '').trim().slice(-500) || end.stdout.trim().slice(-500);
  return new GantryError('HOST_NETWORK_REFUSED', `${ssh.where}: ${verb}: ${said || `exit code ${String(end.code)}`}`, {
    evidence: { host: ssh.where, verb, exitCode: end.code, said },
  });
}
