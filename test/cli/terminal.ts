import { Readable } from 'node:stream';
import type { CliContext } from '../../src/cli/context.ts';
import { runCli } from '../../src/cli/program.ts';

export type Spoken = { code: number; out: string; err: string; json: unknown };

/** Runs one command line without a terminal, in an environment that knows nothing of this machine; `heard` is told what it says, as it says it. */
export async function gantry(
  argv: readonly string[],
  {
    env = {},
    input = '',
    heard = () => undefined,
  }: { env?: Record<string, string>; input?: string; heard?: (text: string) => void } = {},
): Promise<Spoken> {
  const said = { out: '', err: '' };
  const write = (to: 'out' | 'err') => (text: string) => {
    said[to] += text;
    heard(text);
  };
  const context: CliContext = {
    env: { TEMPORAL_CONFIG_FILE: '/dev/null', USER: 'ann', ...env },
    out: { write: write('out'), columns: 200 },
    err: { write: write('err'), columns: 200 },
    input: Readable.from([input]),
    now: Date.now,
    interrupted: new AbortController().signal,
    exitCode: 0,
  };
  const code = await runCli(argv, context);
  return { code, ...said, json: said.out.startsWith('{') ? (JSON.parse(said.out) as unknown) : undefined };
}
