import { GantryError } from '../../errors/index.ts';
import type { Discovery } from './contract.ts';
import { confirm, parseEntry } from './contract.ts';

export type HttpDiscoveryOptions = {
  group: string;
  /** The group's own resource: GET reads the entry, PUT writes it. */
  url: string;
  /** Sent as a bearer token. */
  token?: string;
  /** Milliseconds for one request, 2,000 unless given. */
  timeoutMs?: number;
};

/**
 * Discovery behind HTTP. GET answers `{ primary: { host, port }, epoch }` or 404; PUT takes the same and answers what it
 * holds then; 409 says that it holds a later decision.
 */
export function httpDiscovery({ group, url, token, timeoutMs = 2_000 }: HttpDiscoveryOptions): Discovery {
  const source = `discovery ${new URL(url).host}`;
  const ask = async (method: 'GET' | 'PUT', body?: unknown): Promise<{ status: number; text: string }> => {
    try {
      const response = await fetch(url, {
        method,
        headers: {
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        // A redirect would carry the token to wherever it points.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      throw new GantryError('DISCOVERY_UNREACHABLE', `${source}: ${method}: ${reasonOf(error)}`);
    }
  };
  const failed = (method: string, { status, text }: { status: number; text: string }): GantryError =>
    new GantryError('DISCOVERY_UNREACHABLE', `${source}: ${method} answered ${status}`, {
      evidence: { status, answer: text.slice(0, 300) },
    });

  return {
    read: async () => {
      const answer = await ask('GET');
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw failed('GET', answer);
      return parseEntry(answer.text, group, source);
    },
    redirect: async (entry) => {
      const answer = await ask('PUT', { primary: entry.primary, epoch: entry.epoch });
      if (answer.status === 409) {
        throw new GantryError('DISCOVERY_REFUSED', `${source} holds a later decision than epoch ${entry.epoch}`, {
          evidence: { asked: entry, answer: answer.text.slice(0, 300) },
        });
      }
      if (answer.status < 200 || answer.status > 299) throw failed('PUT', answer);
      // 204 has no body: the status is the confirmation.
      if (answer.text) confirm(parseEntry(answer.text, group, source), entry, source);
    },
  };
}

/** fetch says only "fetch failed"; what happened is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  return error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
}
