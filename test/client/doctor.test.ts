import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { labDown, labPlatformFile, labUp } from '../../lab/index.ts';
import type { LabProcess } from '../../lab/process.ts';
import { startProcess } from '../../lab/process.ts';
import { runsWorker } from '../../lab/run-typescript.ts';
import { jsonShapes } from '../../src/cli/json.ts';
import { searchAttributeNames } from '../../src/runs/index.ts';
import { gantry } from '../cli/terminal.ts';
import { describeWith } from '../support/lab.ts';

// The doctor on a fresh `gantry lab up`, with workers as a process of their own.
await describeWith(['temporal', 'redis'], 'the doctor of a fresh lab', () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-doctor-'));
  let address: string;
  let workers: LabProcess | undefined;
  const env = () => ({ GANTRY_PLATFORM: labPlatformFile(stateDir), TEMPORAL_ADDRESS: address });

  /** Workers of all roles whose clock is ahead. They poll when the doctor says so. */
  const startWorkers = async (aheadMs = 0) => {
    const shifted = `data:text/javascript,const now=Date.now;Date.now=()=>now()+${aheadMs}`.replaceAll('+', '%2B');
    workers = await startProcess({
      stateDir,
      name: 'workers',
      part: 'workers',
      command: process.execPath,
      args: [
        ...(aheadMs === 0 ? [] : ['--import', shifted]),
        ...[...runsWorker, fileURLToPath(new URL('../../workers/main.ts', import.meta.url))],
      ],
      env: { ...process.env, ...env(), GANTRY_LOG: 'warn' },
      ready: async () =>
        (await doctor()).checks.every(({ name, state }) => !name.startsWith('queue') || state !== 'bad'),
      readyWithinMs: 120_000,
    });
  };

  const doctor = async () => {
    const { code, json } = await gantry(['doctor', '--json'], { env: env() });
    return { code, ...jsonShapes.doctor.parse(json) };
  };

  beforeAll(async () => {
    const searchAttributes = Object.fromEntries(
      Object.values(searchAttributeNames).map((name) => [name, 'Keyword' as const]),
    );
    const lab = await labUp({ stateDir, searchAttributes });
    address = String(lab.find(({ part }) => part === 'temporal')?.endpoints['address']);
    await startWorkers();
  });
  afterAll(async () => {
    await workers?.kill();
    await labDown({ stateDir });
    rmSync(stateDir, { recursive: true, force: true });
  });

  test('is not red, and says what a new group does not have yet', async () => {
    const { code, ok, checks } = await doctor();
    expect(checks.filter(({ state }) => state === 'bad')).toEqual([]);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(checks.find(({ name }) => name === 'redis sessions')).toMatchObject({
      state: 'unknown',
      fact: expect.stringContaining('no run has changed it yet') as string,
    });
    // The workers share a process: one of them, and the three nodes of the lab's group.
    expect(checks.find(({ name }) => name === 'clocks')).toMatchObject({
      state: 'ok',
      fact: expect.stringContaining('1 of workers and 3 of targets') as string,
    });
  });

  test('with its workers killed is red within seconds, line by line, though the server still lists them', async () => {
    await workers?.kill();
    const startedAt = performance.now();
    const said: { at: number; text: string }[] = [];
    const heard = (text: string) => said.push({ at: performance.now() - startedAt, text });
    expect((await gantry(['doctor'], { env: env(), heard })).code).toBe(1);
    const tookMs = performance.now() - startedAt;
    const text = said.map((one) => one.text).join('');
    expect(text).toMatch(/✗ queue gantry: NO_WORKER/);
    expect(text).toContain('? left behind: no worker to look with');
    expect(text).not.toMatch(/✓ queue/);
    // It was 92 s, without a line.
    expect(tookMs).toBeLessThan(60_000);
    expect(said[0]?.text).toContain('✓ platform file');
    expect(said[0]?.at).toBeLessThan(tookMs / 3);
  });

  test('with workers five minutes ahead says by how much, and is red', async () => {
    await startWorkers(300_000);
    const { code, checks } = await doctor();
    expect(code).toBe(1);
    const off = checks.filter(({ name }) => name.startsWith('clock of'));
    expect(off).toMatchObject([
      { state: 'bad', fact: expect.stringMatching(/^(5 min 0 s|4 min 59 s|5 min 1 s) \(± /) as string },
    ]);
    expect(off[0]?.name).toMatch(/^clock of worker \d+@/);
    expect(off[0]?.fact).toContain("ahead of Temporal's server");
    await workers?.kill();
  });
});
