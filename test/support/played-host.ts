import { createHash } from 'node:crypto';
import type { HostAccess, HostDeps } from '../../activities/host/index.ts';
import type { RemoteEnd, RemoteOptions, Ssh } from '../../src/drivers/ssh/index.ts';
import { startScript, stopScript, watchScript } from '../../src/drivers/ssh/unit-scripts.ts';
import { GantryError } from '../../src/errors/index.ts';
import { hostInventory, parsePlatform } from '../../src/platform/index.ts';
import type { StepContext, StepDefinition } from '../../src/steps/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { PlayedNodes } from './played-nodes.ts';
import { playNodes } from './played-nodes.ts';

/** What a played command answers; nothing but success unless given. */
export type Answer = string | { code?: number; stdout?: string; stderr?: string };

/** Plays a command: its arguments, what it was given on its standard input. Throw to cut the connection. */
export type Play = (args: readonly string[], stdin: string) => Answer;

/**
 * A host that is played: an `Ssh` whose commands are answered by a table, and files in memory. A script (`script()` of
 * activities/host/access) is known by its name, its `$0`; any other command by its first word. What nothing plays fails the
 * test that sends it, so that no command goes out unseen.
 */
export type PlayedHost = {
  readonly ssh: Ssh;
  readonly access: HostAccess;
  readonly deps: HostDeps;
  /** The Nodes of its region. */
  readonly nodes: PlayedNodes;
  /** Path → text. */
  readonly files: Map<string, string>;
  /** Every command that was dispatched, those of looks and units too: `[name, …args]`. */
  readonly sent: (readonly string[])[];
  /** Named units: how they stand. */
  readonly units: Map<string, PlayedUnit>;
  /** Plays commands by name; a later one replaces an earlier one. */
  play(table: Readonly<Record<string, Play>>): void;
  /** The connection is lost with the next command of that name: `before` it is done, or `after`. Once. */
  cut(name: string, when: 'before' | 'after'): void;
  /** Units stay `running` until `endUnits`. */
  holdUnits: boolean;
  endUnits(): void;
};

/** A named unit; its state is its exit code once it has ended. */
export type PlayedUnit = { digest: string; argv: readonly string[]; state: 'running' | 'lost' | number; log: string };

/** A platform file with one class and one host, `T1`, as the played host has it. `more` is YAML below `hosts.inventory.T1`. */
export const playedPlatform = `version: 1
name: test
regions: { r1: { zones: { z1: { runs: [vm-hosts] } } } }
hosts:
  classes:
    small:
      cpus: 4
      memory: 8GiB
      eccMemory: true
      disks:
        - { count: 2, size: 1TB, medium: nvme, role: os-and-jailer }
        - { count: 4, size: 4TB, medium: nvme, role: vm-storage }
      nics: { count: 2, gbps: 25, bonded: true }
      sriov: false
      kernels: ['6.1.']
      storage: { mountPoint: /srv/vm, writers: [metald.service] }
      densities:
        little: { cpus: 1, memory: 512MB, min: 1, max: 180 }
  inventory:
    T1:
      node: node-1
      class: small
      zone: z1
      rack: a1
      address: 10.0.0.1
      privateKey: { env: TEST_KEY }
      hostKey: ssh-ed25519 AAAA
      disks: [T1-DATA1, T1-DATA2, T1-DATA3, T1-DATA4]
      uplinks: [{ mac: '52:54:00:00:00:01' }, { mac: '52:54:00:00:00:02' }]
      network: { address: 10.20.0.17/22, gateway: 10.20.0.1 }
`;

/** A played host. `platform`: the text of its platform file, `playedPlatform` unless given. */
export function playHost({
  serial = 'T1',
  platform = playedPlatform,
}: { serial?: string; platform?: string } = {}): PlayedHost {
  const table = new Map<string, Play>();
  const cuts = new Map<string, 'before' | 'after'>();
  const files = new Map<string, string>();
  const sent: (readonly string[])[] = [];
  const units: PlayedHost['units'] = new Map();
  const dispatch = (argv: readonly string[], stdin: string): Required<Exclude<Answer, string>> => {
    const [name, args] = named(argv);
    if (name === 'look') return look(argv[2] ?? '', dispatch);
    const play = table.get(name) ?? filePlays(files)[name];
    sent.push([name, ...args]);
    if (!play) throw new Error(`the played host has no ${name} (${args.join(' ').slice(0, 200)})`);
    const cut = cuts.get(name);
    cuts.delete(name);
    if (cut === 'before') throw lost();
    const answer = play(args, stdin);
    if (cut === 'after') throw lost();
    return typeof answer === 'string'
      ? { code: 0, stdout: answer, stderr: '' }
      : { code: 0, stdout: '', stderr: '', ...answer };
  };
  const host: PlayedHost = {
    files,
    sent,
    units,
    nodes: playNodes(),
    holdUnits: false,
    ssh: {
      where: `root@${serial}:22`,
      run: async (argv: readonly string[], options: RemoteOptions): Promise<RemoteEnd> => {
        await Promise.resolve();
        if (options.signal?.aborted) throw lost();
        const stdin = options.stdin?.toString() ?? '';
        const end = unitCall(argv, host, dispatch) ?? dispatch(argv, stdin);
        const limit = options.outputLimit ?? 16 * 1024;
        const [stdout, stderr] = [end.stdout.slice(0, limit), end.stderr.slice(0, limit)];
        return { code: end.code, stdout, stderr, ms: 0, truncated: end.stdout.length > limit };
      },
    },
    get access(): HostAccess {
      const { config, class: hostClass } = hostInventory(parsePlatform(platform, 'played.yaml').platform, serial);
      return { serial, config, class: hostClass, ssh: host.ssh, fresh: (use) => use(host.ssh) };
    },
    get deps(): HostDeps {
      const { nodes } = host;
      return {
        hosts: () => host.access,
        nodes: () => nodes,
        fleet: () => ({ serials: [serial], quarantine: 'taint' }),
        inventory: parsePlatform(platform, 'played.yaml').platform.hosts,
        log: createLog('silent'),
      };
    },
    play: (more) => {
      for (const [name, play] of Object.entries(more)) table.set(name, play);
    },
    cut: (name, when) => void cuts.set(name, when),
    endUnits: () => {
      host.holdUnits = false;
      for (const unit of units.values()) if (unit.state === 'running') finish(unit, dispatch);
    },
  };
  host.play({ uname: () => `${serial.toLowerCase()}\n` });
  files.set('/sys/class/dmi/id/product_serial', `${serial}\n`);
  files.set('/proc/sys/kernel/random/boot_id', '11111111-2222-4333-8444-555555550001\n');
  return host;
}

/** What a step is given; `unit` names what it starts. */
export function playedContext(more: Partial<StepContext> = {}): StepContext {
  const nothing = (): void => undefined;
  return {
    signal: new AbortController().signal,
    mustBeOurs: nothing,
    unit: 'host/T1/run-1/1',
    attempt: 1,
    resumed: undefined,
    progress: nothing,
    measure: nothing,
    count: nothing,
    ...more,
  };
}

/** Does a step as the runner would: look, act unless done, look again. @throws what the step throws; an error when it is not done then */
export async function doStep<I, O, D>(
  step: StepDefinition<I, O, D>,
  input: I,
  deps: D,
  context: StepContext = playedContext(),
): Promise<{ changed: boolean; before: O; after: O; summary: string }> {
  const first = await step.probe(input, deps, context);
  const { observed: before } = first;
  if (first.verdict === 'done') return { changed: false, before, after: before, summary: first.summary };
  if (first.verdict === 'blocked') throw new GantryError(first.code, first.summary, { evidence: { seen: before } });
  await step.apply?.(input, before, deps, context);
  const last = await step.probe(input, deps, context);
  if (last.verdict === 'done') return { changed: true, before, after: last.observed, summary: last.summary };
  throw new GantryError(last.verdict === 'blocked' ? last.code : 'STEP_NOT_DONE', last.summary);
}

/** The name of a command, and its arguments. */
function named(argv: readonly string[]): [string, readonly string[]] {
  if (argv[0] === 'env') return named(argv.slice(argv.findIndex((word, at) => at > 0 && !word.includes('='))));
  const [first = '', flag, , name = '', ...args] = argv;
  return first === 'sh' && flag === '-c' ? [name, args] : [first, argv.slice(1)];
}

function filePlays(files: Map<string, string>): Record<string, Play> {
  const read: Play = (args) => {
    const text = files.get(args.at(-1) ?? '');
    return text === undefined ? { code: 44, stderr: 'no such file' } : text;
  };
  return {
    cat: read,
    'read-file': read,
    'remove-file': ([path = '']) => (files.delete(path), ''),
    'write-file': ([path = '', , digest, expected], stdin) => {
      if (sha256(stdin) !== digest) return { code: 1, stderr: 'the text did not arrive whole' };
      const held = files.get(path);
      const now = held === undefined ? 'absent' : sha256(held);
      if (expected !== 'any' && now !== expected && now !== digest) return { code: 45 };
      files.set(path, stdin);
      return '';
    },
  };
}

type Dispatch = (argv: readonly string[], stdin: string) => { code: number; stdout: string; stderr: string };

/** Plays what `look` sends: each `say <name> <command…>`. */
function look(text: string, dispatch: Dispatch): ReturnType<Dispatch> {
  const lines = wordsOf(text.slice(text.indexOf('\n}\n') + 3)).map(([verb, name, ...argv]) => {
    if (verb !== 'say') return 'end';
    const { code, stdout } = dispatch(argv, '');
    return `${name} ${code} ${Buffer.from(stdout).toString('base64')}`;
  });
  return { code: 0, stdout: `${lines.join('\n')}\n`, stderr: '' };
}

/** A shell text of plain commands → their words: the reverse of `shellLine`. */
function wordsOf(text: string): string[][] {
  const commands: string[][] = [[]];
  for (const [, word, newline] of text.matchAll(/((?:'[^']*'|\\'|[^\s'\\])+)|(\n)/g)) {
    if (newline) commands.push([]);
    else commands.at(-1)?.push((word ?? '').replace(/'([^']*)'|\\(')/g, (_, held?: string) => held ?? "'"));
  }
  return commands.filter((words) => words.length > 0);
}

/** A variable that systemd does not know is nothing; two dollars are one. */
function throughSystemd(word: string): string {
  return word.replace(/\$(?:\$|\{[^}]*\})/g, (found) => (found === '$$' ? '$' : ''));
}

function unitCall(argv: readonly string[], host: PlayedHost, dispatch: Dispatch): ReturnType<Dispatch> | undefined {
  const [, , text = '', , folder = '', name = '', ...rest] = argv;
  const { units } = host;
  const said = (state: string): ReturnType<Dispatch> => ({ code: 0, stdout: `state ${state}\n`, stderr: '' });
  const stands = (): ReturnType<Dispatch> => {
    const state = units.get(name)?.state ?? 'absent';
    return said(typeof state === 'number' ? `ended ${state}` : state);
  };
  if (text === startScript) {
    const [digest = '', ...command] = rest;
    const held = units.get(name);
    if (held && held.digest !== digest) return { code: 1, stdout: '', stderr: 'the name belongs to another command' };
    if (held && held.state !== 'lost') return stands();
    const unit: PlayedUnit = { digest, argv: command.map(throughSystemd), state: 'running', log: '' };
    units.set(name, unit);
    if (!host.holdUnits) finish(unit, dispatch);
    return stands();
  }
  if (text === watchScript) return stands();
  if (text === stopScript) {
    const unit = units.get(name);
    if (rest[0] === 'collect') units.delete(name);
    else if (unit?.state === 'running') unit.state = 'lost';
    return stands();
  }
  if (!text.includes('tail -c "+$2"')) return undefined;
  const unit = units.get(folder.split('/').at(-2) ?? '');
  const log = Buffer.from(unit?.log ?? '').subarray(Number(name) - 1);
  return { code: 0, stdout: log.toString('base64'), stderr: '' };
}

function finish(unit: PlayedUnit, dispatch: Dispatch): void {
  // Where its command is cut off, so is the unit: as when the power fails.
  unit.state = 'lost';
  const { code, stdout, stderr } = dispatch(unit.argv, '');
  unit.state = code;
  unit.log = stdout + stderr;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function lost(): GantryError {
  return new GantryError('SSH_FAILED', 'the connection was lost');
}
