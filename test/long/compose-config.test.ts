import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findCompose } from '../../lab/programs.ts';
import { describeWith, labFolder } from '../support/lab.ts';

const file = 'docker-compose.temporal.yml';
const execute = promisify(execFile);

type Resolved = { name: string; services: Record<string, { depends_on?: Record<string, unknown> }> };

await describeWith(['compose'], 'docker compose config', () => {
  let compose: string;
  beforeAll(async () => void (compose = await findCompose()));
  const config = async (path: string): Promise<Resolved> =>
    JSON.parse((await execute(compose, ['-f', path, 'config', '--format', 'json'])).stdout) as Resolved;

  test('accepts the file, with every service that it names', async () => {
    const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as Resolved;
    const resolved = await config(file);
    expect(resolved.name).toBe('gantry');
    expect(Object.keys(resolved.services).sort()).toEqual(Object.keys(services).sort());
  });

  test('would not accept one that waits for a service that is not there', async () => {
    const broken = join(labFolder(), file);
    const waits = 'temporal-namespace: { condition';
    writeFileSync(broken, readFileSync(file, 'utf8').replaceAll(waits, 'temporal-gone: { condition'));
    await expect(config(broken)).rejects.toMatchObject({ stderr: expect.stringContaining('temporal-gone') as string });
  });
});
