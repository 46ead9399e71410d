import { randomUUID, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importPKCS8, SignJWT } from 'jose';
import { makeTls } from '../tls.ts';

type Login = { user: string; password: string };

/** A token server, as registries send their clients to. */
export type LabTokens = {
  /** What a registry is told of it. */
  readonly settings: { realm: string; service: string; issuer: string; rootcertbundle: string };
  /** Every request so far: how it was made, and with which login. */
  readonly requests: readonly { method: string; user?: string; identity?: string; scope: string }[];
  /** A token for a repository, past the server. */
  sign(repository: string, actions: readonly string[]): Promise<string>;
  stop(): Promise<void>;
};

/** A refresh token, as a credential helper stores it. */
export const labIdentity = 'lab-identity-token';

/**
 * A token server of the lab (distribution project, "Token Authentication"): it knows one login and one refresh token, and lets who
 * has one of them pull. Who has none gets a token without any right, as Docker Hub gives it. Its tokens are signed by a
 * certificate that the registry trusts.
 */
export async function startTokens({ stateDir, login }: { stateDir: string; login: Login }): Promise<LabTokens> {
  const { ca, cert, key } = makeTls(stateDir, 'tokens.lab');
  const service = 'registry.lab';
  const issuer = 'tokens.lab';
  const x5c = [new X509Certificate(readFileSync(cert)).raw.toString('base64')];
  const signer = await importPKCS8(readFileSync(key, 'utf8'), 'ES256');
  const requests: LabTokens['requests'][number][] = [];
  const sign: LabTokens['sign'] = (repository, actions) =>
    new SignJWT({ access: actions.length === 0 ? [] : [{ type: 'repository', name: repository, actions }] })
      .setProtectedHeader({ alg: 'ES256', typ: 'JWT', x5c })
      .setIssuer(issuer)
      .setAudience(service)
      .setSubject(login.user)
      .setIssuedAt()
      .setNotBefore('-1m')
      .setExpirationTime('5m')
      .setJti(randomUUID())
      .sign(signer);

  const answer = async (method: string, url: URL, authorization: string, body: string): Promise<[number, object]> => {
    const form = new URLSearchParams(body);
    const scope = url.searchParams.get('scope') ?? form.get('scope') ?? '';
    const identity = form.get('refresh_token') ?? undefined;
    const basic = /^Basic (.+)$/.exec(authorization)?.[1];
    const [user, password] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString('utf8').split(':');
    requests.push({
      ...{ method, scope },
      ...(user === undefined ? {} : { user }),
      ...(identity === undefined ? {} : { identity }),
    });
    const repository = /^repository:([^:]+):/.exec(scope)?.[1] ?? '';
    const known = identity === labIdentity || (user === login.user && password === login.password);
    if (!known && (user !== undefined || identity !== undefined)) return [401, {}];
    const token = await sign(repository, known ? ['pull'] : []);
    // OAuth2 names it otherwise than the older way.
    return [200, method === 'POST' ? { access_token: token, expires_in: 300 } : { token, expires_in: 300 }];
  };

  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { method = '', url = '/', headers } = request;
      void answer(method, new URL(url, 'http://tokens.lab'), headers.authorization ?? '', body).then(
        ([status, said]) => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
        },
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    settings: { realm: `http://127.0.0.1:${port}/token`, service, issuer, rootcertbundle: ca },
    requests,
    sign,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
