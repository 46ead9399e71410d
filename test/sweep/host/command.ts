import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { OnboardFault, OnboardTake } from './onboard.ts';
import { onboardFaults, takeOnboard } from './onboard.ts';

/**
 * `test/sweep/main.ts host.onboard [--points worker|ssh|power] [--steps <name>,…] [--json]`: one run per fault, which befalls each of its
 * steps, or those that are named. Answers the exit code.
 */
export async function sweepOnboard(
  positionals: readonly string[],
  { points = '*', steps, json = false }: { points?: string; steps?: string; json?: boolean },
): Promise<number> {
  const faults = onboardFaults.filter((fault) => points === '*' || points === fault);
  if (positionals.length > 1 || faults.length === 0) {
    process.stderr.write(`host.onboard is swept by itself; --points is one of ${onboardFaults.join(', ')}\n`);
    return 2;
  }
  const named = steps?.split(',').map((name) => `host.${name}`);
  const out = json ? process.stderr : process.stdout;
  const say = (line: string): void => void out.write(`${line}\n`);
  const folder = resolve('.gantry', 'sweep', 'host.onboard');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  say('Sweep of host.onboard: one run for each fault, which befalls every step once; a host is booted for each run');
  const takes: OnboardTake[] = [];
  for (const fault of faults) {
    say(`${fault}:`);
    const take = await takeOnboard(scratch(fault), fault, {
      say: (line) => say(`  ${line}`),
      ...(named ? { steps: (step: string) => named.includes(step) } : {}),
    });
    takes.push(take);
    say(
      `  ${take.faults.length === 0 ? 'ok' : 'FAIL'}, ${take.struck.length} steps, ${take.parks.length} parks, ${Math.round(take.ms / 1_000)} s`,
    );
    for (const wrong of take.faults) say(`    ${wrong}`);
  }
  writeFileSync(join(folder, 'result.json'), `${JSON.stringify(takes, null, 2)}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ 'host.onboard': takes }, null, 2)}\n`);
  const failed = takes.filter((take) => take.faults.length > 0).length;
  const kept = takes.filter(({ guardKept }) => guardKept).length;
  say(
    `${takes.length} runs, ${takes.length - failed} passed, ${failed} failed; foreign disk kept in ${kept} of ${takes.length}`,
  );
  return failed > 0 ? 1 : 0;
}

/** Sockets of qemu want a short path. */
function scratch(fault: OnboardFault): string {
  const dir = join('/tmp', `gantry-sweep-${process.pid}-${fault}`);
  rmSync(dir, { recursive: true, force: true });
  return dir;
}
