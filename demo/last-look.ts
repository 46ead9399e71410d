import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { say, title } from './say.ts';
import type { Stage } from './stage.ts';

const gantry = fileURLToPath(new URL('../bin/gantry', import.meta.url));
/** A command line that takes longer hangs. Milliseconds. */
const withinMs = 120_000;

/** What the demo tells a newcomer to type, by the part that was shown. */
const dryRuns: Readonly<Record<string, readonly string[]>> = {
  redis: ['redis', 'switchover', 'sessions', '--dry-run'],
  clickhouse: ['clickhouse', 'rebalance', 'metrics', 'usage.events', '--dry-run'],
  host: ['host', 'onboard', 'LAB-HOST', '--dry-run'],
  archive: ['archive', 'audit', 'main', '--follow'],
  region: ['region', 'drift', 'us-east-1', '--follow'],
};

/** The commands that fit what was shown, as arguments of `gantry`. */
export function nextCommands(shown: readonly string[]): string[][] {
  const domains = [...new Set(shown.map((name) => name.split('.')[0] ?? name))];
  // These demos' workers serve their domain alone: the doctor would miss the others.
  const doctor = domains.every((domain) => ['archive', 'region'].includes(domain)) ? [] : [['doctor']];
  return [...doctor, ...domains.flatMap((domain) => (dryRuns[domain] ? [[...dryRuns[domain]]] : []))];
}

/** What these commands need in the environment. */
export function environmentOf({ temporal, platformFiles: [platformFile] }: Stage): Record<string, string> {
  return { TEMPORAL_ADDRESS: temporal.address, ...(platformFile ? { GANTRY_PLATFORM: platformFile } : {}) };
}

/**
 * Types each command as the newcomer would and shows what it says: nothing is red after a demo, and what it recommends is
 * accepted. Answers whether that is so.
 */
export async function lastLook(stage: Stage, commands: readonly (readonly string[])[]): Promise<boolean> {
  title('And now: what you would type next');
  let good = true;
  for (const command of commands) {
    say(`$ gantry ${command.join(' ')}`);
    const { code, lines } = await run(stage, command);
    for (const line of lines) say(`  ${line}`);
    if (code !== 0) say(`  gantry ${command.join(' ')} ended with exit code ${code}`);
    good = good && code === 0;
  }
  return good;
}

function run(stage: Stage, command: readonly string[]): Promise<{ code: number | string; lines: string[] }> {
  const env = { ...process.env, ...environmentOf(stage) };
  return new Promise((resolve) => {
    execFile(gantry, command, { env, timeout: withinMs }, (error, stdout, stderr) => {
      const lines = `${stdout}${stderr}`.trimEnd().split('\n');
      resolve({ code: error ? (error.code ?? error.signal ?? 'unknown') : 0, lines });
    });
  });
}
