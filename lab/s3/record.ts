import type { IncomingMessage } from 'node:http';

/** One request as the proxy saw it. `verb` is what it is for, beyond its method. */
export type S3Request = {
  verb:
    | 'GET'
    | 'HEAD'
    | 'PUT'
    | 'PART'
    | 'COPY'
    | 'DELETE'
    | 'LIST'
    | 'RESTORE'
    | 'UPLOAD'
    | 'COMPLETE'
    | 'ABORT'
    | 'LEGAL-HOLD'
    | 'RETENTION'
    | 'BUCKET';
  bucket: string;
  key: string;
  versionId: string | undefined;
  /** When it came. Milliseconds since the epoch. */
  atMs: number;
  /** What the client got; nothing while it waits, or where its connection was ended. */
  status?: number;
};

/** What a request asks for, from its line and headers (path style). */
export function requestOf({ method = 'GET', url = '/', headers }: IncomingMessage, atMs: number): S3Request {
  const { pathname, searchParams } = new URL(url, 'http://s3');
  const [, bucket = '', ...rest] = pathname.split('/');
  const key = decodeURIComponent(rest.join('/'));
  const copied = headers['x-amz-copy-source'] !== undefined;
  return {
    verb: verbOf(method, key, (name) => searchParams.has(name), copied),
    ...{ bucket, key, versionId: searchParams.get('versionId') ?? undefined, atMs },
  };
}

function verbOf(method: string, key: string, has: (name: string) => boolean, copied: boolean): S3Request['verb'] {
  if (key === '') return method === 'GET' && (has('versions') || has('list-type')) ? 'LIST' : 'BUCKET';
  if (has('restore')) return 'RESTORE';
  if (has('legal-hold')) return 'LEGAL-HOLD';
  if (has('retention')) return 'RETENTION';
  if (has('uploads')) return 'UPLOAD';
  if (has('uploadId')) return method === 'PUT' ? (copied ? 'COPY' : 'PART') : method === 'POST' ? 'COMPLETE' : 'ABORT';
  if (method === 'PUT') return copied ? 'COPY' : 'PUT';
  return method === 'HEAD' ? 'HEAD' : method === 'DELETE' ? 'DELETE' : 'GET';
}
