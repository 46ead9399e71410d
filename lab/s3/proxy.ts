import type { IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { Agent, createServer, request as ask } from 'node:http';
import { Transform } from 'node:stream';
import { pause } from '../clock.ts';
import type { S3Fault } from './faults.ts';
import { refusalOf } from './faults.ts';
import type { S3Request } from './record.ts';
import { requestOf } from './record.ts';

/** Stands between client and store. One answer of moto differs from AWS's and is set right: see `watchThaws`. */
export async function startS3Proxy(options: {
  port: number;
  upstream: { host: string; port: number };
  take: (request: S3Request) => S3Fault | undefined;
  record: (request: S3Request) => void;
}): Promise<{ stop: () => Promise<void> }> {
  const { port, upstream, take, record } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const thaws = watchThaws();
  const server: Server = createServer((from, to) => {
    const seen = requestOf(from, Date.now());
    record(seen);
    to.on('finish', () => void (seen.status = to.statusCode));
    const fault = take(seen);
    void serve({ from, to, seen, fault, upstream, agent, thaws }).catch(() => from.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        agent.destroy();
      }),
  };
}

type Serving = {
  from: IncomingMessage;
  to: ServerResponse;
  seen: S3Request;
  fault: S3Fault | undefined;
  upstream: { host: string; port: number };
  agent: Agent;
  thaws: ReturnType<typeof watchThaws>;
};

async function serve({ from, to, seen, fault, upstream, agent, thaws }: Serving): Promise<void> {
  if (fault?.kind === 'late') await pause(fault.ms);
  if (fault?.kind === 'reset' && fault.after !== true) return void from.socket.destroy();
  const refusal = fault && refusalOf(fault);
  if (refusal) return refuse(from, to, refusal);
  if (thaws.underWay(seen)) {
    const message = 'Object restore is already in progress';
    return refuse(from, to, { status: 409, code: 'RestoreAlreadyInProgress', message });
  }
  const answer = await pass(from, upstream, agent);
  thaws.note(seen, answer);
  if (fault?.kind === 'reset') {
    answer.resume();
    return void from.socket.destroy();
  }
  const headers: OutgoingHttpHeaders = { ...answer.headers };
  const changed = fault && changer(fault, headers);
  to.writeHead(answer.statusCode ?? 502, headers);
  // A slow body has its head at once.
  to.flushHeaders();
  if (from.method === 'HEAD') return void to.end();
  if (fault?.kind === 'truncate') return truncate(answer, to, fault.bytes);
  (changed ? answer.pipe(changed) : answer).pipe(to);
}

function refuse(
  from: IncomingMessage,
  to: ServerResponse,
  { status, code, message }: { status: number; code: string; message: string },
): void {
  from.resume();
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  to.writeHead(status, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) });
  to.end(from.method === 'HEAD' ? undefined : body);
}

function pass(from: IncomingMessage, { host, port }: Serving['upstream'], agent: Agent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { method, url: path } = from;
    const onward = ask({ host, port, method, path, headers: from.headers, agent }, resolve);
    onward.on('error', reject);
    from.pipe(onward);
  });
}

/**
 * AWS answers 409 to a restore while another one is under way, moto 200 (5.2.5): what was accepted is remembered until a HEAD
 * that passes by says that it is done. The store is not asked: each look would bring a stretched thaw forward.
 */
function watchThaws(): {
  underWay: (seen: S3Request) => boolean;
  note: (seen: S3Request, answer: IncomingMessage) => void;
} {
  const thawing = new Set<string>();
  const nameOf = ({ bucket, key }: S3Request): string => `${bucket}/${key}`;
  return {
    underWay: (seen) => seen.verb === 'RESTORE' && thawing.has(nameOf(seen)),
    note: (seen, { statusCode, headers }) => {
      if (seen.verb === 'RESTORE' && statusCode === 202) thawing.add(nameOf(seen));
      const state = headers['x-amz-restore'];
      if (typeof state === 'string' && state.includes('ongoing-request="false"')) thawing.delete(nameOf(seen));
    },
  };
}

/** What goes over the body; the announced length is set right where it must look whole. */
function changer(fault: S3Fault, headers: OutgoingHttpHeaders): Transform | undefined {
  let at = 0;
  if (fault.kind === 'flip') {
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const index = fault.byte - at;
        at += chunk.length;
        if (index < 0 || index >= chunk.length) return done(null, chunk);
        const flipped = Buffer.from(chunk);
        flipped[index] = (flipped[index] ?? 0) ^ (1 << fault.bit);
        done(null, flipped);
      },
    });
  }
  if (fault.kind === 'cut-short') {
    headers['content-length'] = Math.min(fault.bytes, Number(headers['content-length'] ?? fault.bytes));
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        const left = Math.max(0, fault.bytes - at);
        at += chunk.length;
        done(null, chunk.subarray(0, left));
      },
    });
  }
  if (fault.kind === 'slow') {
    return new Transform({
      transform(chunk: Buffer, _encoding, done) {
        setTimeout(() => done(null, chunk), fault.pieceMs);
      },
    });
  }
  return undefined;
}

function truncate(answer: IncomingMessage, to: ServerResponse, bytes: number): void {
  let left = bytes;
  answer.on('data', (chunk: Buffer) => {
    if (left > 0) to.write(chunk.subarray(0, left));
    left -= chunk.length;
    if (left <= 0) {
      answer.destroy();
      // What was written must leave before the connection ends.
      setTimeout(() => to.destroy(), 20);
    }
  });
  answer.on('end', () => to.destroy());
}
