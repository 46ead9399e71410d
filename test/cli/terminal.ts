import { Readable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/program.ts';

export type Spoken = { code: number; out: string; err: string; json: unknown };

/** Runs one command line without a terminal, in an environment that knows nothing of this machine. */
export async function gantry(
  argv: readonly string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): Promise<Spoken> {
  const said = { out: '', err: '' };
  const context: CliContext = {
    env: { TEMPORAL_CONFIG_FILE: '/dev/null', USER: 'ann', ...env },
    out: { write: (text) => (said.out += text), columns: 200 },
    err: { write: (text) => (said.err += text), columns: 200 },
    input: Readable.from([input]),
    now: Date.now,
    interrupted: new AbortController().signal,
    exitCode: 0,
  };
  const code = await runCli(argv, context);
  return { code, ...said, json: said.out.startsWith('{') ? (JSON.parse(said.out) as unknown) : undefined };
}
