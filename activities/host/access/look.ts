import { shellLine } from '../../../src/drivers/ssh/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RemoteOptions, Ssh } from './access.ts';
import { commandFailed } from './remote.ts';
import { script } from './script.ts';

/** What one command of a look answered. 127: the host does not have it. 124: it did not end in time. */
export type Seen = { readonly code: number; readonly text: string };

/** Of each command. Bytes. */
const eachLimit = 96 * 1024;
/** Of all of them. Milliseconds; a guest without acceleration took more than 120 s beside a load of 20. */
const allWithinMs = 240_000;
/** Of each command, on the host. Seconds. */
const eachSeconds = 90;

/**
 * Runs many commands that only look in one round trip, each bounded in time and output, whatever the others do. A shell
 * snippet with arguments is a `script()`.
 * @throws HOST_ANSWER_UNREADABLE when the answer was cut, SSH_FAILED
 */
export async function look<N extends string>(
  ssh: Ssh,
  commands: Readonly<Record<N, readonly string[]>>,
  options: Partial<RemoteOptions> = {},
): Promise<Readonly<Record<N, Seen>>> {
  const names = Object.keys(commands) as N[];
  const says = names.map((name) => `say ${shellLine([name, ...commands[name]])}`).join('\n');
  const end = await ssh.run(script('look', `${say}${says}\necho end`), {
    timeoutMs: allWithinMs,
    outputLimit: 4 * 1024 * 1024,
    ...options,
  });
  if (end.code !== 0) throw commandFailed(ssh, 'look', end);
  const lines = end.stdout.trimEnd().split('\n');
  const seen = new Map(
    lines.flatMap((line) => {
      const said = /^([\w-]+) (\d+) ([A-Za-z0-9+/=]*)$/.exec(line);
      if (!said) return [];
      const [, name = '', code, base64 = ''] = said;
      return [[name, { code: Number(code), text: Buffer.from(base64, 'base64').toString('utf8') }] as const];
    }),
  );
  if (end.truncated || lines.at(-1) !== 'end' || names.some((name) => !seen.has(name))) {
    const why = end.truncated ? 'it was longer than is read' : 'parts of it are missing';
    throw new GantryError('HOST_ANSWER_UNREADABLE', `${ssh.where}: the answer cannot be read: ${why}`, {
      evidence: { host: ssh.where, asked: names, answered: [...seen.keys()] },
    });
  }
  return Object.fromEntries(names.map((name) => [name, seen.get(name)])) as Record<N, Seen>;
}

/** One line for each command: its name, how it ended, what it printed. No command reads what was meant for another one. */
const say = `say() {
  name=$1; shift
  text=$(timeout -k 2 ${eachSeconds} "$@" 2>/dev/null </dev/null); code=$?
  printf '%s %s %s\\n' "$name" "$code" "$(printf %s "$text" | head -c ${eachLimit} | base64 -w0)"
}
`;
