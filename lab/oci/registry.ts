import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import { findRegistry } from '../programs.ts';
import { restartable } from '../restartable.ts';
import type { Restartable } from '../restartable.ts';
import type { PushedImage, PushOptions } from './push.ts';
import { pushImage } from './push.ts';
import type { LabTokens } from './tokens.ts';

/** Who may see what: anyone, who has the password, or who has a token of this server. */
export type RegistryAccess = 'anyone' | 'password' | LabTokens;

/** The one login that a registry, or its token server, knows. */
export const labRegistryLogin = { user: 'lab', password: 'lab-secret' } as const;
/** Of its password, by bcrypt. */
const htpasswd = 'lab:$2b$04$wsUGI4rxnuPpHs5NEu5hpeaaP1Zu.KiYnWNcZyEl2JdVIvEeJNYwi\n';

export type LabRegistry = Restartable & {
  /** `127.0.0.1:<port>`, as images name it. */
  readonly host: string;
  /** Pushes a tiny image, over HTTP as every client does. */
  push(image: PushOptions): Promise<PushedImage>;
};

/**
 * The registry of the distribution project, on loopback and without TLS. What is pushed is on the disk.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startRegistry(options: { stateDir: string; access?: RegistryAccess }): Promise<LabRegistry> {
  const { stateDir, access = 'anyone' } = options;
  const [command, port] = [await findRegistry(), await freePort()];
  const host = `127.0.0.1:${port}`;
  const folder = join(stateDir, `registry-${port}`);
  mkdirSync(folder, { recursive: true });
  const passwords = join(folder, 'htpasswd');
  writeFileSync(passwords, htpasswd);
  const auth =
    access === 'anyone'
      ? {}
      : access === 'password'
        ? { auth: { htpasswd: { realm: 'lab', path: passwords } } }
        : { auth: { token: access.settings } };
  const config = join(folder, 'config.yml');
  writeFileSync(
    config,
    stringify({
      version: 0.1,
      log: { accesslog: { disabled: true }, level: 'warn' },
      storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: host },
      ...auth,
    }),
  );
  const process_ = restartable(() =>
    startProcess({
      ...{ stateDir, name: `registry-${port}`, part: 'registry', command, args: ['serve', config], ports: [port] },
      endpoints: { host },
      // Refused without a login, it answers all the same.
      ready: async () => [200, 401].includes((await fetch(`http://${host}/v2/`)).status),
    }),
  );
  await process_.start();
  const { user, password } = labRegistryLogin;
  const authorization = async (repository: string): Promise<string | undefined> => {
    if (access === 'anyone') return undefined;
    if (access === 'password') return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    return `Bearer ${await access.sign(repository, ['pull', 'push'])}`;
  };
  return {
    ...process_,
    host,
    push: async (image) => pushImage(`http://${host}`, image, await authorization(image.repository)),
  };
}
