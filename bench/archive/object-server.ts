import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';

// A process of its own: one bucket in memory, with as much of S3 as the driver asks for in a restore. What lies below `data/` is in Glacier, and
// is thawed at once. It checks no signature. moto is no data path: it gives a few megabytes a second. All bodies together leave at the rate of a
// link, where one is given.

type Stored = {
  versionId: string;
  body: Buffer;
  metadata: Readonly<Record<string, string>>;
  cold: boolean;
  thawed: boolean;
};

const [port = '0', coldPrefix = '', linkMbPerS = '0'] = process.argv.slice(2);
/** Bytes in a millisecond; 0 for as fast as it goes. */
const linkRate = Number(linkMbPerS) * 1e3;
const pieceBytes = 256 * 1024;
/** When the link has sent all that it was given. */
let linkFreeAt = 0;
const held = new Map<string, Stored>();

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    response.destroy();
  });
}).listen(Number(port), '127.0.0.1');

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://s3');
  const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
  if (key === '') return bucket(searchParams, response);
  const found = held.get(key);
  const { method } = request;
  if (method === 'PUT') {
    const source = request.headers['x-amz-copy-source'];
    const copied = typeof source === 'string' ? held.get(keyOf(source)) : undefined;
    const body = copied?.body ?? (await whole(request));
    const stored = { versionId: randomUUID(), body, metadata: metadataOf(request), thawed: false };
    held.set(key, { ...stored, cold: key.startsWith(coldPrefix) });
    const xml = copied ? '<CopyObjectResult><ETag>"copied"</ETag></CopyObjectResult>' : '';
    return end(response, 200, xml, { 'x-amz-version-id': stored.versionId });
  }
  request.resume();
  if (method === 'DELETE') {
    held.delete(key);
    return end(response, 204);
  }
  const versionId = searchParams.get('versionId');
  if (!found || (versionId !== null && versionId !== found.versionId))
    return end(response, 404, method === 'HEAD' ? '' : '<Error><Code>NoSuchKey</Code></Error>');
  if (method === 'POST' && searchParams.has('restore')) {
    const first = !found.thawed;
    found.thawed = true;
    return end(response, first ? 202 : 200);
  }
  const headers = { ...found.metadata, 'x-amz-version-id': found.versionId, ...coldness(found) };
  response.writeHead(200, { ...headers, 'content-length': found.body.byteLength });
  if (method === 'HEAD') response.end();
  else if (linkRate === 0) response.end(found.body);
  else await overLink(found.body, response);
}

/** Piece by piece in its turn on the one link. A timer is good to a few milliseconds, so that less than that is not waited for. */
async function overLink(body: Buffer, response: ServerResponse): Promise<void> {
  for (let at = 0; at < body.byteLength; at += pieceBytes) {
    const piece = body.subarray(at, at + pieceBytes);
    const now = performance.now();
    linkFreeAt = Math.max(now, linkFreeAt) + piece.byteLength / linkRate;
    if (linkFreeAt - now > 5) await pause(linkFreeAt - now);
    if (response.destroyed) return;
    if (!response.write(piece)) await once(response, 'drain');
  }
  response.end();
}

function coldness({ cold, thawed }: Stored): Record<string, string> {
  if (!cold) return {};
  const expiry = new Date(Date.now() + 30 * 86_400_000).toUTCString();
  const restore = thawed ? { 'x-amz-restore': `ongoing-request="false", expiry-date="${expiry}"` } : {};
  return { 'x-amz-storage-class': 'GLACIER', ...restore };
}

function bucket(query: URLSearchParams, response: ServerResponse): void {
  if (query.has('lifecycle')) return end(response, 404, '<Error><Code>NoSuchLifecycleConfiguration</Code></Error>');
  if (!query.has('versions')) return end(response, 200, '<VersioningConfiguration/>');
  const prefix = query.get('prefix') ?? '';
  const at = new Date().toISOString();
  const versions = [...held]
    .filter(([key]) => key.startsWith(prefix))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([key, { versionId, body }]) =>
        `<Version><Key>${key}</Key><VersionId>${versionId}</VersionId><IsLatest>true</IsLatest><LastModified>${at}</LastModified><Size>${body.byteLength}</Size><StorageClass>STANDARD</StorageClass></Version>`,
    );
  end(response, 200, `<ListVersionsResult><IsTruncated>false</IsTruncated>${versions.join('')}</ListVersionsResult>`);
}

function end(response: ServerResponse, status: number, xml = '', headers: Record<string, string> = {}): void {
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/xml',
    'content-length': Buffer.byteLength(xml),
  });
  response.end(xml);
}

function keyOf(source: string): string {
  const path = source.split('?')[0] ?? '';
  return decodeURIComponent(path.replace(/^\//, '').split('/').slice(1).join('/'));
}

function metadataOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      name.startsWith('x-amz-meta-') && typeof value === 'string' ? [[name, value]] : [],
    ),
  );
}

async function whole(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
