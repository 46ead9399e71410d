import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { runsTypeScript } from '../../lab/run-typescript.ts';

const main = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

type Ended = { code: number | null; stdout: string; stderr: string };

/** `npm run bench -- …`, without npm. */
export function bench(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [...runsTypeScript, main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  return {
    child,
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said }))),
  };
}

/** What the bench of this pid has under the temporary folder. */
export function foldersOf({ pid }: ChildProcess): string[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(`gantry-bench-${pid}-`))
    .map((name) => join(tmpdir(), name));
}
