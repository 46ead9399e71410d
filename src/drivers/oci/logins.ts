import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { runProgram } from '../programs/index.ts';
import type { RegistryLogin, RegistryLogins } from './types.ts';

/** What of a Docker configuration is read: docker login, podman login and the credential helpers write it. */
const config = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
        identitytoken: z.string().optional(),
      }),
    )
    .default({}),
  credHelpers: z.record(z.string(), z.string()).default({}),
  credsStore: z.string().default(''),
});
type Config = z.output<typeof config>;

const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/** A helper may ask a keychain, or AWS. Milliseconds. */
const helperTimeoutMs = 30_000;

export type LoginOptions = {
  /** The Docker configuration. */
  path: string;
  /** The operator named it: it must be there. Otherwise nobody is logged in where there is none. */
  named: boolean;
};

/**
 * The logins that a Docker configuration holds, or that the helpers which it names hold. It is read once; a helper is asked for
 * each registry.
 * @throws DOCKER_CONFIG_INVALID. No secret is in any message.
 */
export function dockerLogins({ path, named }: LoginOptions): RegistryLogins {
  let reading: Promise<Config> | undefined;
  return async (host) => {
    const { auths, credHelpers, credsStore } = await (reading ??= read(path, named));
    const helper = byHost(credHelpers, host) ?? credsStore;
    const stored = byHost(auths, host);
    return (
      (helper === '' ? undefined : await fromHelper(helper, host, path)) ?? (stored && loginOf(stored, host, path))
    );
  };
}

async function read(path: string, named: boolean): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !named) return config.parse({});
    throw invalid(path, `it cannot be read: ${code ?? String(error)}`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own words would quote what stands there.
    throw invalid(path, 'it is no JSON');
  }
  const parsed = config.safeParse(content);
  if (parsed.success) return parsed.data;
  throw invalid(path, parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
}

/** Older clients write a key as the address of an API: `https://index.docker.io/v1/`. */
function byHost<T>(all: Readonly<Record<string, T>>, host: string): T | undefined {
  const bare = (key: string): string => key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '');
  return Object.entries(all).find(([key]) => bare(key) === host)?.[1];
}

function loginOf(
  { auth = '', username, password, identitytoken }: Config['auths'][string],
  host: string,
  path: string,
): RegistryLogin | undefined {
  if (identitytoken) return { identity: identitytoken };
  if (username !== undefined && password !== undefined) return { user: username, password };
  if (auth === '') return undefined;
  const [, user, secret] = /^([^:]*):(.*)$/s.exec(Buffer.from(auth, 'base64').toString('utf8')) ?? [];
  if (user === undefined || secret === undefined) throw invalid(path, `auth of ${host} is no user and password`);
  // Docker pads what it wrote with zero bytes.
  return { user, password: secret.replace(/\0+$/, '') };
}

/** The protocol of `docker-credential-…`: the registry on standard input, a login on standard output. */
async function fromHelper(helper: string, host: string, path: string): Promise<RegistryLogin | undefined> {
  const program = `docker-credential-${helper}`;
  // It becomes the name of a program on PATH, and no path of another one.
  if (!/^[\w.-]+$/.test(helper))
    throw invalid(path, 'a credential helper has a name of letters, digits, dots and dashes');
  const server = host === 'index.docker.io' ? 'https://index.docker.io/v1/' : host;
  const { code, stdout } = await runProgram([program, 'get'], { timeoutMs: helperTimeoutMs, input: server }).catch(
    (error: unknown) => {
      throw invalid(path, `its helper ${program}: ${error instanceof Error ? error.message : String(error)}`);
    },
  );
  if (code !== 0) {
    if (/credentials not found/i.test(stdout)) return undefined;
    throw invalid(path, `its helper ${program} ended with ${code ?? 'a signal'} for ${host}`);
  }
  const answer = helperAnswer.safeParse(parsed(stdout));
  if (!answer.success) throw invalid(path, `its helper ${program} answered no login for ${host}`);
  const { Username: user, Secret: password } = answer.data;
  return user === '<token>' ? { identity: password } : { user, password };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(path: string, why: string): GantryError {
  return new GantryError('DOCKER_CONFIG_INVALID', `the Docker configuration ${path}: ${why}`, { evidence: { path } });
}
