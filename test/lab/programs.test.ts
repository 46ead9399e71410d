import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { findHostImage, hostImageVersion } from '../../lab/host/image.ts';
import { findIstio, findKubernetes, istioVersion, kubernetesVersion } from '../../lab/kubernetes/programs.ts';
import { findClickHouse, findModernClickHouse, findTemporalCli, findTimeSkippingServer } from '../../lab/programs.ts';
import { labFolder, needs } from '../support/lab.ts';

const source = (file: string): string => readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
const versionIn = (script: string): string | undefined => /^version=(\S+)$/m.exec(source(script))?.[1];

afterEach(() => vi.unstubAllEnvs());

describe('looking for programs', () => {
  test('looks for the versions that set-up installs', () => {
    expect(source('lab/programs.ts')).toContain(`temporalVersion = '${versionIn('scripts/setup-temporal.sh')}'`);
    expect(source('tools/temporal/go.mod')).toContain(
      `github.com/temporalio/cli v${versionIn('scripts/setup-temporal.sh')} `,
    );
    const compose = versionIn('scripts/setup-compose.sh');
    expect(source('lab/programs.ts')).toContain(`composeVersion = '${compose}'`);
    expect(source('tools/compose/go.mod')).toContain(`github.com/docker/compose/v2 v${compose} `);
    const stock = versionIn('scripts/setup-temporal-server.sh');
    expect(source('lab/programs.ts')).toContain(`stockTemporalVersion = '${stock}'`);
    expect(source('tools/temporal-server/go.mod')).toContain(`go.temporal.io/server v${stock} `);
    const timeSkipping = versionIn('scripts/setup-time-skipping.sh');
    expect(source('lab/programs.ts')).toContain(`timeSkippingVersion = '${timeSkipping}'`);
    expect(source('tools/time-skipping/pom.xml')).toContain(`<version>${timeSkipping}</version>`);
    const chdb = versionIn('scripts/setup-clickhouse-modern.sh');
    expect(source('lab/programs.ts')).toContain(`chdbVersion = '${chdb}'`);
    expect(source('tools/chdb/package.json')).toContain(`"chdb": "${chdb}"`);
    const moto = versionIn('scripts/setup-s3.sh');
    expect(source('lab/programs.ts')).toContain(`motoVersion = '${moto}'`);
    expect(source('tools/moto/requirements.txt')).toContain(`moto==${moto}`);
    const schemathesis = versionIn('scripts/setup-schemathesis.sh');
    expect(source('lab/programs.ts')).toContain(`schemathesisVersion = '${schemathesis}'`);
    expect(source('tools/schemathesis/requirements.txt')).toContain(`schemathesis==${schemathesis}`);
    expect(kubernetesVersion).toBe(versionIn('scripts/setup-kubernetes.sh'));
    expect(source('tools/kubernetes/go.mod')).toContain(`k8s.io/kubernetes v${kubernetesVersion} `);
    expect(source('scripts/setup-kubernetes.sh')).toContain(`istio_version=${istioVersion}\n`);
    expect(hostImageVersion).toBe(versionIn('scripts/setup-host-image.sh'));
  });

  test('takes the program that TEMPORAL_CLI_PATH names before any other', async () => {
    vi.stubEnv('TEMPORAL_CLI_PATH', process.execPath);
    expect(await findTemporalCli()).toBe(process.execPath);
  });

  test('names what is missing and the command that installs it', async () => {
    vi.stubEnv('PATH', '');
    vi.stubEnv('TEMPORAL_CLI_PATH', '');
    vi.stubEnv('GANTRY_CACHE', labFolder());
    await expect(findTemporalCli()).rejects.toThrow(/scripts\/setup-temporal\.sh/);
    await expect(findTimeSkippingServer()).rejects.toMatchObject({ code: 'LAB_PART_MISSING' });
    await expect(findClickHouse()).rejects.toThrow(/scripts\/setup-clickhouse\.sh/);
    await expect(findModernClickHouse()).rejects.toThrow(/scripts\/setup-clickhouse-modern\.sh/);
    await expect(findIstio()).rejects.toThrow(/scripts\/setup-kubernetes\.sh/);
    await expect(findKubernetes()).rejects.toThrow(/scripts\/setup-kubernetes\.sh/);
    await expect(findHostImage()).rejects.toThrow(/scripts\/setup-host-image\.sh/);
  });

  test('gives a reason to skip what needs a missing part, and fails it where the lab is required', async () => {
    vi.stubEnv('PATH', '');
    vi.stubEnv('GANTRY_LAB', '');
    expect(await needs('redis')).toMatch(/redis-server: not on PATH/);
    vi.stubEnv('GANTRY_LAB', 'required');
    await expect(needs('redis')).rejects.toMatchObject({ code: 'LAB_PART_MISSING' });
  });
});
