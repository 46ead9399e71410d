import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GantryError } from '../../src/errors/index.ts';
import { connectionSettings, loadSettings, variables } from '../../src/settings/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'gantry-settings-'));

/** An environment whose temporal.toml is `text`; nothing of this machine's own configuration is seen. */
function withToml(text: string): Record<string, string> {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.toml`);
  writeFileSync(path, text);
  return { TEMPORAL_CONFIG_FILE: path };
}

const nothing = { TEMPORAL_CONFIG_FILE: join(folder, 'absent.toml') };

function refused(act: () => unknown): GantryError {
  try {
    act();
  } catch (error) {
    return error as GantryError;
  }
  throw new Error('nothing was refused');
}

describe('connection settings', () => {
  it('are a local server without TLS when nothing is said', () => {
    expect(connectionSettings(nothing)).toEqual({
      address: 'localhost:7233',
      namespace: 'default',
      options: { address: 'localhost:7233' },
    });
  });

  it('come from the named profile, with its TLS and API key', () => {
    const env = withToml(
      '[profile.prod]\naddress = "t.example:443"\nnamespace = "platform"\napi_key = "k-1"\n[profile.prod.tls]\nserver_name = "sni"\n',
    );
    const settings = connectionSettings(env, { profile: 'prod' });
    expect(settings).toMatchObject({ address: 't.example:443', namespace: 'platform' });
    expect(settings.options.apiKey).toBe('k-1');
    expect(settings.options.tls).toMatchObject({ serverNameOverride: 'sni' });
  });

  it('let the environment override the file, and flags override both', () => {
    const env = {
      ...withToml('[profile.default]\naddress = "file:1"\nnamespace = "file"\n'),
      TEMPORAL_ADDRESS: 'env:2',
    };
    expect(connectionSettings(env)).toMatchObject({ address: 'env:2', namespace: 'file' });
    expect(connectionSettings(env, { address: 'flag:3', namespace: 'flag' })).toMatchObject({
      address: 'flag:3',
      namespace: 'flag',
      options: { address: 'flag:3' },
    });
  });

  it('turn TLS on for an API key alone', () => {
    expect(connectionSettings({ ...nothing, TEMPORAL_API_KEY: 'k' }).options.tls).toBe(true);
  });

  it('refuse a profile that the file does not have, naming the flag', () => {
    const error = refused(() => connectionSettings(nothing, { profile: 'prod' }));
    expect(error.code).toBe('SETTINGS_INVALID');
    expect(error.problems).toMatchObject([
      { place: '--profile', message: expect.stringContaining('"prod"') as string },
    ]);
  });

  it('take a file without any profile for no file', () => {
    expect(connectionSettings(withToml(''))).toMatchObject({ address: 'localhost:7233' });
    expect(refused(() => connectionSettings(withToml(''), { profile: 'prod' })).message).toContain('"prod"');
  });

  it('refuse a client certificate without its key', () => {
    const error = refused(() => connectionSettings({ ...nothing, TEMPORAL_TLS_CLIENT_CERT_DATA: 'pem' }));
    expect(error.message).toContain('client key is missing');
  });

  it('never quote the file, which may hold an API key, when it does not parse', () => {
    const env = withToml('[profile.default]\napi_key = "s3cr3t\naddress = "x:1"\n');
    const error = refused(() => connectionSettings(env));
    expect(error.code).toBe('SETTINGS_INVALID');
    expect(JSON.stringify([error.message, error.problems, error.evidence])).not.toContain('s3cr3t');
    expect(error.problems[0]?.place).toBe(env['TEMPORAL_CONFIG_FILE']);
  });
});

describe('settings', () => {
  it('have defaults that suit one machine, with absolute paths', () => {
    expect(loadSettings(nothing, {}, '/srv')).toMatchObject({
      taskQueue: 'gantry',
      platformPath: '/srv/platform.yaml',
      stateDir: '/srv/.gantry',
      logLevel: 'info',
    });
  });

  it('treat an empty variable as unset', () => {
    expect(loadSettings({ ...nothing, GANTRY_TASK_QUEUE: '', TEMPORAL_ADDRESS: '' }).taskQueue).toBe('gantry');
  });

  it('report every problem at once, each with its place', () => {
    const error = refused(() =>
      loadSettings(
        { ...nothing, GANTRY_TASK_QUEUE: 'a b', GANTRY_PLATFORM: '/etc/passwd', GANTRY_LOG: 'loud' },
        { address: 'no-port', namespace: 'a b' },
      ),
    );
    expect(error.code).toBe('SETTINGS_INVALID');
    expect(error.problems.map(({ place }) => place)).toEqual([
      'GANTRY_TASK_QUEUE',
      'GANTRY_PLATFORM',
      'GANTRY_LOG',
      '--address',
      '--namespace',
    ]);
  });

  it('are all on their docs page, with meaning and default', () => {
    const page = readFileSync(new URL('../../docs/reference/settings.md', import.meta.url), 'utf8');
    const rows = page.split('\n').filter((line) => line.startsWith('| `GANTRY_'));
    expect(rows).toEqual(
      Object.entries(variables).map(
        ([name, { meaning, fallback }]) => `| \`${name}\` | ${meaning} | \`${fallback}\` |`,
      ),
    );
  });
});
