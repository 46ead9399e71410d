import type { ClientConfigProfile } from '@temporalio/envconfig';
import { loadClientConfigProfile, toClientOptions } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import { z } from 'zod';
import type { Problem } from '../errors/index.ts';
import { problem, refusal } from '../errors/index.ts';

/** The environment, as `process.env` gives it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the command line may say instead of the environment and temporal.toml. */
export type ConnectionFlags = { profile?: string; address?: string; namespace?: string };

/** Where the Temporal server is and how to speak to it. `options` fit `Connection` and `NativeConnection` alike. */
export type ConnectionSettings = {
  address: string;
  namespace: string;
  /** Holds the API key: never logged, never in an error. */
  options: Pick<ConnectionOptions, 'address' | 'tls' | 'metadata'> & { apiKey?: string };
};

export const defaultAddress = 'localhost:7233';
export const defaultNamespace = 'default';

/** `host:port`; a raw IPv6 address in square brackets (the SDK's own rule). */
const addressSchema = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:.%]+\]|[^\s:[\]/]+):\d{1,5}$/, 'must be `host:port`, an IPv6 host in square brackets');
const namespaceSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'must be a namespace name');

/**
 * Flags, else `TEMPORAL_*`, else the profile of temporal.toml (the file that the `temporal` CLI uses), else
 * `localhost:7233` and `default`.
 * @throws GantryError SETTINGS_INVALID with everything that is wrong.
 */
export function connectionSettings(env: Environment, flags: ConnectionFlags = {}): ConnectionSettings {
  const { settings, problems } = readConnection(env, flags);
  if (!settings || problems.length > 0) throw refusal(problems);
  return settings;
}

/** The same without throwing, for those who gather more problems. */
export function readConnection(
  env: Environment,
  flags: ConnectionFlags,
): { settings?: ConnectionSettings; problems: readonly Problem[] } {
  let profile: ClientConfigProfile;
  try {
    profile = loadProfile(env, flags);
  } catch (error) {
    return { problems: [unreadable(error, env, flags)] };
  }
  const address = flags.address ?? profile.address ?? defaultAddress;
  const namespace = flags.namespace ?? profile.namespace ?? defaultNamespace;
  const problems = [
    ...check(addressSchema, address, placeOf('address', env, flags)),
    ...check(namespaceSchema, namespace, placeOf('namespace', env, flags)),
    ...halfPair(profile),
  ];
  try {
    const { connectionOptions } = toClientOptions({ ...profile, address, namespace });
    const { tls, apiKey, metadata } = connectionOptions;
    return {
      problems,
      settings: {
        address,
        namespace,
        options: {
          address,
          ...(tls === undefined || tls === null ? {} : { tls }),
          ...(apiKey === undefined ? {} : { apiKey }),
          ...(metadata === undefined ? {} : { metadata }),
        },
      },
    };
  } catch (error) {
    // A certificate file that is named but can't be read: the message has its path, not its contents.
    return { problems: [...problems, problem('SETTINGS_INVALID', `TLS: ${messageOf(error)}`, 'TEMPORAL_TLS_*')] };
  }
}

function loadProfile(env: Environment, flags: ConnectionFlags): ClientConfigProfile {
  const present = Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const overrideEnvVars = Object.fromEntries(present);
  const asked = flags.profile ?? env['TEMPORAL_PROFILE'];
  try {
    return loadClientConfigProfile({
      overrideEnvVars,
      ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    });
  } catch (error) {
    // A temporal.toml without any profile makes envconfig 1.24 read a property of nothing: it says no more than no file.
    if (!(error instanceof TypeError)) throw error;
    if (asked) throw new Error(`Profile '${asked}' ${noProfile}`, { cause: error });
    return loadClientConfigProfile({ overrideEnvVars, disableFile: true });
  }
}

/** What envconfig says of a profile that the file doesn't have. */
const noProfile = 'not found in config data';

/** A client certificate without its key (or the reverse) would be dropped in silence by the SDK. */
function halfPair({ tls }: ClientConfigProfile): Problem[] {
  if (!tls || Boolean(tls.clientCert) === Boolean(tls.clientKey)) return [];
  const missing = tls.clientCert ? 'key' : 'certificate';
  return [problem('SETTINGS_INVALID', `TLS: the client ${missing} is missing`, 'TEMPORAL_TLS_CLIENT_*')];
}

function check(schema: z.ZodType, value: unknown, place: string): Problem[] {
  const result = schema.safeParse(value);
  if (result.success) return [];
  return result.error.issues.map(({ message }) =>
    problem('SETTINGS_INVALID', `${place}: ${message}; it is ${JSON.stringify(value)}`, place),
  );
}

function placeOf(name: 'address' | 'namespace', env: Environment, flags: ConnectionFlags): string {
  const variable = `TEMPORAL_${name.toUpperCase()}`;
  if (flags[name] !== undefined) return `--${name}`;
  return env[variable] ? variable : `temporal.toml: ${name}`;
}

function unreadable(error: unknown, env: Environment, flags: ConnectionFlags): Problem {
  // The parser's message quotes the offending lines, which may hold an API key: its first line alone is safe.
  const said = messageOf(error).split('\n')[0] ?? '';
  const asked = flags.profile ?? env['TEMPORAL_PROFILE'];
  if (asked !== undefined && said.includes(noProfile)) {
    const place = flags.profile === undefined ? 'TEMPORAL_PROFILE' : '--profile';
    return problem('SETTINGS_INVALID', `${place}: temporal.toml has no profile ${JSON.stringify(asked)}`, place);
  }
  return problem(
    'SETTINGS_INVALID',
    `temporal.toml can't be read: ${said}`,
    env['TEMPORAL_CONFIG_FILE'] ?? 'temporal.toml',
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
