import { request } from 'node:https';

/** Any object of the API, as far as the lab and its tests read one. */
export type KubernetesObject = {
  apiVersion?: string;
  kind?: string;
  metadata?: {
    name?: string;
    namespace?: string;
    generation?: number;
    resourceVersion?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec?: Record<string, unknown>;
  status?: unknown;
  /** Of a list. */
  items?: KubernetesObject[];
  /** Of a refusal, whose kind is `Status`. */
  message?: string;
  reason?: string;
  [field: string]: unknown;
};

export type KubernetesAnswer = { status: number; body: KubernetesObject };

/** One user's way to an API server. A refusal is an answer, not an error. */
export type KubernetesApi = {
  get: (path: string) => Promise<KubernetesAnswer>;
  post: (path: string, object: KubernetesObject) => Promise<KubernetesAnswer>;
  put: (path: string, object: KubernetesObject) => Promise<KubernetesAnswer>;
  /** A JSON merge patch. */
  patch: (path: string, object: KubernetesObject) => Promise<KubernetesAnswer>;
  delete: (path: string) => Promise<KubernetesAnswer>;
};

/** Plain HTTPS with a bearer token: all that the lab needs, and no client library between a test and the server. */
export function kubernetesApi({ url, ca, token }: { url: string; ca: string; token: string }): KubernetesApi {
  const ask = (method: string, path: string, object?: KubernetesObject): Promise<KubernetesAnswer> =>
    new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const sending = request(
        `${url}${path}`,
        { method, ca, headers: { authorization: `Bearer ${token}`, 'content-type': type }, timeout: 30_000 },
        (answer) => {
          const pieces: Buffer[] = [];
          answer.on('data', (piece: Buffer) => pieces.push(piece));
          answer.once('error', reject);
          answer.once('end', () => {
            resolve({ status: answer.statusCode ?? 0, body: parsed(Buffer.concat(pieces).toString()) });
          });
        },
      );
      sending.once('timeout', () => sending.destroy(new Error(`${method} ${path}: no answer within 30 s`)));
      sending.once('error', reject);
      sending.end(object === undefined ? undefined : JSON.stringify(object));
    });
  return {
    get: (path) => ask('GET', path),
    post: (path, object) => ask('POST', path, object),
    put: (path, object) => ask('PUT', path, object),
    patch: (path, object) => ask('PATCH', path, object),
    delete: (path) => ask('DELETE', path),
  };
}

/** The health endpoints answer in plain text. */
function parsed(text: string): KubernetesObject {
  try {
    return JSON.parse(text) as KubernetesObject;
  } catch {
    return { message: text };
  }
}
