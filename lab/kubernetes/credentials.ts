import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTls } from '../tls.ts';

/** Who speaks to the API server. `gantry-host` is what Gantry's worker for compute hosts gets. */
const users = {
  admin: ['admin', 'system:masters'],
  'controller-manager': ['system:kube-controller-manager'],
  scheduler: ['system:kube-scheduler'],
  kwok: ['kwok', 'system:masters'],
  'gantry-host': ['gantry-host'],
} as const;

export type KubernetesUser = keyof typeof users;

export const kubernetesUsers = Object.keys(users) as readonly KubernetesUser[];

export type KubernetesCredentials = {
  /** PEM, and the file that holds it. */
  ca: string;
  caFile: string;
  certFile: string;
  keyFile: string;
  /** Signs service accounts' tokens. */
  accountKeyFile: string;
  tokenFile: string;
  tokens: Readonly<Record<KubernetesUser, string>>;
};

/** Makes an authority, a certificate for loopback, a key for service accounts and a token for each user, below `dir`. */
export function makeCredentials(dir: string): KubernetesCredentials {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { ca: caFile, cert: certFile, key: keyFile } = makeTls(dir, 'kubernetes.lab');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const accountKeyFile = join(dir, 'accounts.key');
  writeFileSync(accountKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const tokens = Object.fromEntries(kubernetesUsers.map((user) => [user, randomBytes(24).toString('hex')])) as Record<
    KubernetesUser,
    string
  >;
  const lines = kubernetesUsers.map((user) => {
    const [name, ...groups] = users[user];
    return [tokens[user], name, user, ...(groups.length > 0 ? [`"${groups.join(',')}"`] : [])].join(',');
  });
  const tokenFile = join(dir, 'tokens.csv');
  writeFileSync(tokenFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  return { ca: readFileSync(caFile, 'utf8'), caFile, certFile, keyFile, accountKeyFile, tokenFile, tokens };
}

/** A kubeconfig (JSON, which is YAML) of one user. */
export function kubeconfig(url: string, { ca, tokens }: KubernetesCredentials, user: KubernetesUser): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'lab',
    clusters: [
      { name: 'lab', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: user, user: { token: tokens[user] } }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
