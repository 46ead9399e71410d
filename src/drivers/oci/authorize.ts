import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { isLoopback } from './place.ts';
import type { Answer } from './request.ts';
import type { RegistryLogin } from './types.ts';

/** How a registry wants to be asked (RFC 9110, section 11; distribution specification, "Token Authentication"). */
export type Challenge = { scheme: 'bearer'; realm: string; service: string; scope: string } | { scheme: 'basic' };

const token = z.object({ token: z.string().optional(), access_token: z.string().optional() });

type Ask = (url: string, init: { method?: string; headers?: Record<string, string>; body?: string }) => Promise<Answer>;

/** The first challenge of `WWW-Authenticate` that can be met; a token before a password. */
export function challengeOf(header: string | null): Challenge | undefined {
  const bearer = /\bBearer\s+((?:[a-z_]+\s*=\s*(?:"[^"]*"|[^\s",]+)\s*,?\s*)+)/i.exec(header ?? '')?.[1];
  if (bearer !== undefined) {
    const given = new Map(
      [...bearer.matchAll(/([a-z_]+)\s*=\s*(?:"([^"]*)"|([^\s",]+))/gi)].map(
        ([, key = '', quoted, bare = '']) => [key.toLowerCase(), quoted ?? bare] as const,
      ),
    );
    const realm = given.get('realm');
    if (realm !== undefined)
      return { scheme: 'bearer', realm, service: given.get('service') ?? '', scope: given.get('scope') ?? '' };
  }
  return /\bBasic\b/i.test(header ?? '') ? { scheme: 'basic' } : undefined;
}

/**
 * What `Authorization` has to say for a challenge. A login goes over TLS alone, or stays on this machine.
 * @throws IMAGE_UNAUTHORIZED, and what `ask` throws
 */
export async function authorize(
  challenge: Challenge | undefined,
  { what, host, repository }: { what: string; host: string; repository: string },
  login: RegistryLogin | undefined,
  ask: Ask,
): Promise<string> {
  const refused = (why: string): GantryError => new GantryError('IMAGE_UNAUTHORIZED', `${what}: ${why}`);
  if (challenge === undefined) throw refused('the registry refuses, and names no way to log in that Gantry knows');
  if (challenge.scheme === 'basic') {
    if (!login) throw refused(`the Docker configuration has no login for ${host}`);
    if ('identity' in login) throw refused(`${host} takes a password, and the login of it is a token`);
    return basic(login);
  }
  const realm = realmOf(challenge.realm, host);
  if (!realm) throw refused('the registry names a token server without TLS: no login is sent there');
  const scope = challenge.scope || `repository:${repository}:pull`;
  const { status, body } = await (login && 'identity' in login
    ? ask(realm.href, refresh(login.identity, challenge.service, scope))
    : ask(withQuery(realm, challenge.service, scope), login ? { headers: { authorization: basic(login) } } : {}));
  if (status === 401 || status === 403)
    throw refused(
      login ? `${realm.host} refuses the login of ${host}` : `the Docker configuration has no login for ${host}`,
    );
  if (status !== 200) throw new GantryError('IMAGE_REGISTRY_AWAY', `${what}: ${realm.host} answered ${status}`);
  const answer = token.safeParse(json(body));
  const given = answer.success ? (answer.data.token ?? answer.data.access_token) : undefined;
  if (!given || !/^[\x21-\x7e]+$/.test(given))
    throw new GantryError('IMAGE_ANSWER_INVALID', `${what}: ${realm.host} answered no token`);
  return `Bearer ${given}`;
}

/** A registry on loopback may have its token server there; nothing else is asked without TLS. */
function realmOf(text: string, host: string): URL | undefined {
  const realm = URL.canParse(text) ? new URL(text) : undefined;
  if (realm?.protocol === 'https:') return realm;
  return realm?.protocol === 'http:' && isLoopback(realm.host) && isLoopback(host) ? realm : undefined;
}

function withQuery(realm: URL, service: string, scope: string): string {
  const url = new URL(realm);
  if (service !== '') url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  return url.href;
}

/** OAuth2, as the distribution project describes it for identity tokens. */
function refresh(
  identity: string,
  service: string,
  scope: string,
): { method: string; headers: Record<string, string>; body: string } {
  const body = new URLSearchParams({
    ...{ grant_type: 'refresh_token', refresh_token: identity, client_id: 'gantry' },
    ...{ service, scope },
  });
  return { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: body.toString() };
}

function basic({ user, password }: { user: string; password: string }): string {
  return `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`;
}

function json(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
