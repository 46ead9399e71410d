import { request as askHttp } from 'node:http';
import { request as askHttps } from 'node:https';
import { GantryError } from '../../errors/index.ts';
import type { PrometheusOptions, PrometheusTarget } from './types.ts';

const defaultTimeoutMs = 15_000;
/** A gate reads few series; an answer beyond it is not read. Bytes. */
const maxBytes = 4 * 2 ** 20;

/**
 * One question to the API, as a form, since a query may be longer than an address may be. A redirect is no answer: it would carry the
 * token to wherever it points.
 * @throws PROMETHEUS_UNREACHABLE, PROMETHEUS_UNEXPECTED_ANSWER
 */
export function ask(
  { url, ca, token }: PrometheusTarget,
  { timeoutMs = defaultTimeoutMs, signal }: PrometheusOptions,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<{ status: number; text: string }> {
  signal?.throwIfAborted();
  const at = new URL(`${url.replace(/\/+$/, '')}/${path}`);
  const body = new URLSearchParams(form).toString();
  const deadline = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const broken = (error: Error): void => {
      if (error instanceof GantryError) return reject(error);
      if (signal?.aborted) return reject(signal.reason as Error);
      const why = deadline.aborted ? `no answer within ${timeoutMs} ms` : error.message || error.name;
      reject(new GantryError('PROMETHEUS_UNREACHABLE', `${at.host}: ${why}`, { evidence: { server: at.host } }));
    };
    const sent = (at.protocol === 'http:' ? askHttp : askHttps)(
      at,
      {
        ...{ method: 'POST', agent: false, signal: signal ? AbortSignal.any([signal, deadline]) : deadline },
        headers: {
          ...{ accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
          'content-length': Buffer.byteLength(body),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        ...(ca === undefined ? {} : { ca }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          chunks.push(chunk);
          if (bytes <= maxBytes) return;
          const message = `${at.host}: an answer of more than ${maxBytes} bytes`;
          answer.destroy(new GantryError('PROMETHEUS_UNEXPECTED_ANSWER', message));
        });
        answer.once('error', broken);
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      },
    );
    sent.once('error', broken);
    sent.end(body);
  });
}
