import { ApiException } from '@kubernetes/client-node';
import { request as askHttp } from 'node:http';
import { request as askHttps } from 'node:https';
import type { KubernetesOptions, KubernetesTarget } from './types.ts';

export type ApiRequest = {
  method: 'GET' | 'PATCH' | 'DELETE';
  /** With its query, below the address of the API. */
  path: string;
  contentType?: string;
  /** What the answer may be; plain JSON unless given. */
  accept?: string;
  body?: unknown;
};

const defaultTimeoutMs = 15_000;
/** A list of 10,000 small objects; an answer beyond it is not read. Bytes. */
const maxBytes = 64 * 2 ** 20;

/**
 * Requests with plain JSON: what the client's typed models do not know would be left out of an object, and strict validation would
 * never see it. Each has its own connection and deadline.
 * @throws ApiException with the server's status and body, or what the connection gives
 */
export function requestsTo(
  { api, token, ca }: KubernetesTarget,
  { timeoutMs = defaultTimeoutMs, signal }: KubernetesOptions,
): (request: ApiRequest) => Promise<unknown> {
  return ({ method, path, contentType = 'application/json', accept = 'application/json', body }) =>
    new Promise((resolve, reject) => {
      const url = new URL(path, api);
      const deadline = AbortSignal.timeout(timeoutMs);
      const ask = url.protocol === 'http:' ? askHttp : askHttps;
      const text = body === undefined ? undefined : JSON.stringify(body);
      const sent = ask(
        url,
        {
          method,
          agent: false,
          signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
          headers: {
            ...{ accept, authorization: `Bearer ${token}` },
            ...(text === undefined ? {} : { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }),
          },
          ...(ca === undefined ? {} : { ca }),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          answer.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > maxBytes) answer.destroy(new Error(`an answer of more than ${maxBytes} bytes`));
            else chunks.push(chunk);
          });
          answer.once('error', reject);
          answer.once('end', () => {
            const status = answer.statusCode ?? 0;
            const said = Buffer.concat(chunks).toString('utf8');
            if (status >= 400) return reject(new ApiException(status, `HTTP ${status}`, said, {}));
            try {
              resolve(said === '' ? undefined : JSON.parse(said));
            } catch {
              reject(new ApiException(status, 'the answer is no JSON', said.slice(0, 200), {}));
            }
          });
        },
      );
      sent.once('error', (error) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        reject(deadline.aborted ? new Error(`no answer within ${timeoutMs} ms`) : error);
      });
      sent.end(text);
    });
}
