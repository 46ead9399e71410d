import type { RemoteUnit } from '../../../src/drivers/ssh/index.ts';
import { collectUnit, readUnitLog, startUnit, stopUnit, watchUnit } from '../../../src/drivers/ssh/index.ts';
import type { ErrorCode } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { Ssh } from './access.ts';
import { commandFailed, refusedCode } from './remote.ts';

type Context = Pick<StepContext, 'unit' | 'signal' | 'mustBeOurs' | 'progress'>;

/** `refused`: the error where its script finds something else than it may act on (`refusedCode`). */
export type LongWork = { what: string; argv: readonly string[]; refused?: ErrorCode };

/** Between two looks at a unit. Milliseconds. */
const everyMs = 1_000;

/**
 * Long work of a step: a named unit, so that a worker that takes the step over finds it and nothing runs twice. One that was
 * lost (a reboot) is started again. It is forgotten once it has ended; a failure keeps its log in the message.
 * @returns the end of what it printed, at most 4 KiB
 * @throws HOST_COMMAND_FAILED with the end of its log, REMOTE_UNIT_FAILED, SSH_FAILED
 */
export async function longWork(ssh: Ssh, context: Context, { what, argv, refused }: LongWork): Promise<string> {
  const { signal, mustBeOurs, progress } = context;
  const unit: RemoteUnit = { name: `${context.unit} ${what}`, argv: ['env', 'LC_ALL=C', ...argv] };
  mustBeOurs();
  let seen = await startUnit(ssh, unit, { signal });
  while (seen.state === 'running') {
    progress({ unit: unit.name, state: seen.state });
    await wait(everyMs, signal);
    seen = await watchUnit(ssh, unit.name, { signal });
    if (seen.state === 'lost' || seen.state === 'absent') {
      mustBeOurs();
      seen = await startUnit(ssh, unit, { signal });
    }
  }
  const said = await tail(ssh, unit.name, signal);
  await collectUnit(ssh, unit.name, { signal });
  if (seen.state === 'ended' && seen.code === 0) return said;
  const code = seen.state === 'ended' ? seen.code : null;
  throw commandFailed(ssh, what, { code, stdout: said, stderr: '' }, code === refusedCode ? refused : undefined);
}

/** Ends what `longWork` started under that name, and forgets it: for an undo. @throws REMOTE_UNIT_FAILED, SSH_FAILED */
export async function endWork(
  ssh: Ssh,
  { unit, signal }: Pick<Context, 'unit' | 'signal'>,
  what: string,
): Promise<void> {
  const name = `${unit} ${what}`;
  const { state } = await watchUnit(ssh, name, { signal });
  if (state === 'absent') return;
  await stopUnit(ssh, name, { signal });
  await collectUnit(ssh, name, { signal });
}

async function tail(ssh: Ssh, name: string, signal: AbortSignal): Promise<string> {
  let [text, offset] = ['', 0];
  for (let reads = 0; reads < 64; reads += 1) {
    const more = await readUnitLog(ssh, name, offset, { signal });
    if (more.offset === offset) break;
    offset = more.offset;
    text = (text + more.text).slice(-4_096);
  }
  return text;
}
