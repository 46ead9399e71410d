import { createHash } from 'node:crypto';
import { shellLine } from '../../../src/drivers/ssh/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { HostAccess } from '../access/access.ts';
import { commandFailed } from '../access/remote.ts';
import { script } from '../access/script.ts';
import type { Control, Flaw } from './controls/index.ts';
import { controlsOf } from './controls/index.ts';

/** How one control was found. */
export type ControlReading = {
  ok: boolean;
  wanted: string;
  /** What its look printed. */
  found: string;
  /** Its files that differ from what they must be: what is in them, null where there is none. */
  files: Readonly<Record<string, string | null>>;
  flaw?: Flaw;
};

/** One report over all controls of a host. */
export type Conformance = {
  /** SHA-256 (hex) over what was found: it is the same as long as nothing of it changes. */
  digest: string;
  controls: Readonly<Record<string, ControlReading>>;
};

/** All looks in one round trip. Milliseconds; a guest without acceleration took more than 120 s beside a load of 30. */
const timeoutMs = 240_000;
/** Of one look, or of one file. Bytes. */
const lookLimit = 16 * 1024;
const outputLimit = 1024 * 1024;

/** sh -c … sh <limit> <name> <command> <name> <command> …: one line each, what it printed in base64. */
const readAll = `
limit=$1; shift
while [ $# -ge 2 ]; do
  printf '%s ' "$1"
  { sh -c "$2" 2>/dev/null; code=$?; echo; echo "rc $code"; } </dev/null | head -c "$limit" | base64 -w 0
  echo
  shift 2
done
echo end`;

/** Reads every control of a host and judges it. @throws SSH_FAILED, HOST_COMMAND_FAILED */
export async function readConformance(
  access: Pick<HostAccess, 'ssh' | 'class'>,
  signal?: AbortSignal,
): Promise<Conformance> {
  const controls = controlsOf(access.class);
  const looks = controls.flatMap((control) => [
    [`control:${control.name}`, control.read],
    ...pathsOf(control).map((path) => [
      `file:${path}`,
      `if [ -e ${shellLine([path])} ]; then cat -- ${shellLine([path])}; else exit 44; fi`,
    ]),
  ]);
  const end = await access.ssh.run(script('read-controls', readAll, String(lookLimit), ...looks.flat()), {
    ...{ timeoutMs, outputLimit },
    ...(signal ? { signal } : {}),
  });
  const lines = end.stdout.split('\n');
  const said = new Map<string, Look>();
  for (const line of lines) {
    const [name = '', encoded = ''] = line.split(' ');
    if (name.includes(':')) said.set(name, lookOf(encoded));
  }
  if (end.truncated || lines.at(-2) !== 'end' || looks.some(([name = '']) => !said.has(name))) {
    throw commandFailed(access.ssh, 'read the controls', end);
  }
  const readings = controls.map((control) => [control.name, readingOf(access.ssh.where, control, said)] as const);
  const digest = createHash('sha256').update(
    JSON.stringify(readings.map(([name, { found, files }]) => [name, found, files])),
  );
  return { digest: digest.digest('hex'), controls: Object.fromEntries(readings) };
}

/** The flaws of a report, with the names of their controls. */
export function flawsOf({ controls }: Conformance): readonly (Flaw & { control: string })[] {
  return Object.entries(controls).flatMap(([control, { flaw }]) => (flaw ? [{ control, ...flaw }] : []));
}

/** What belongs to a control on the disk. */
export function pathsOf({ files = {}, writes = [] }: Control): readonly string[] {
  return [...Object.keys(files), ...writes];
}

type Look = { text: string; code: number | undefined };

function lookOf(encoded: string): Look {
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const end = /\nrc (\d+)\n$/.exec(text);
  return end ? { text: text.slice(0, end.index), code: Number(end[1]) } : { text, code: undefined };
}

function readingOf(where: string, control: Control, said: ReadonlyMap<string, Look>): ControlReading {
  const look = said.get(`control:${control.name}`) ?? { text: '', code: undefined };
  const found = look.text.trim();
  const files: Record<string, string | null> = {};
  for (const path of pathsOf(control)) {
    const file = said.get(`file:${path}`);
    const content = file?.code === 44 ? null : contentOf(where, path, file);
    if (content !== (control.files?.[path] ?? undefined)) files[path] = content;
  }
  const differing = Object.keys(files).filter((path) => control.files?.[path] !== undefined);
  const judged = control.judge(found === '' ? [] : found.split('\n'));
  const unlike =
    differing.length > 0
      ? {
          what: `${differing.join(', ')} ${differing.length > 1 ? 'are' : 'is'} not as Gantry writes ${differing.length > 1 ? 'them' : 'it'}`,
          cure: 'apply' as const,
        }
      : undefined;
  // What only a person can put right comes first: Gantry's files are not written onto a host that cannot conform.
  const flaw = judged?.cure === 'none' ? judged : (unlike ?? judged);
  return { ok: flaw === undefined, wanted: control.wanted, found, files, ...(flaw ? { flaw } : {}) };
}

function contentOf(where: string, path: string, file: Look | undefined): string {
  if (file?.code === 0) return file.text;
  throw new GantryError(
    'HOST_COMMAND_FAILED',
    `${where}: ${path} cannot be read, or is larger than ${lookLimit} bytes`,
    {
      evidence: { host: where, path, exitCode: file?.code ?? null },
    },
  );
}
