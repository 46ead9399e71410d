import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GantryError } from '../errors/index.ts';
import { problemType, toProblem } from './problem.ts';

/** A path that no route can be looked up for: it is answered before any hook, and before anybody is asked who they are. */
export function refusePath(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const { headers, status, body } = refusalOf(error, request.id);
  request.log.info({ res: { statusCode: status } }, 'a path that is none');
  reply.raw.writeHead(status, headers).end(body);
}

/** What is no HTTP, or has more headers than Node reads: there is no request to answer, only a socket. */
export function refuseBytes(
  error: Error & { code?: string },
  socket: { writable: boolean; end: (text: string) => unknown; destroy: (error: Error) => unknown },
): void {
  // https://nodejs.org/api/http.html#event-clienterror
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy(error);
  const why = new GantryError('API_BAD_REQUEST', `these bytes are no request that can be read (${error.code ?? ''})`);
  const { headers, status, body } = refusalOf(why, randomUUID());
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}`);
  socket.end([`HTTP/1.1 ${status} Bad Request`, ...lines, '', body].join('\r\n'));
}

function refusalOf(error: unknown, requestId: string) {
  const problem = toProblem(error, requestId);
  const body = JSON.stringify(problem);
  const headers = {
    ...{ 'content-type': problemType, 'content-length': String(Buffer.byteLength(body)) },
    ...{ 'x-request-id': requestId, 'cache-control': 'no-store' },
  };
  return { status: problem.status, headers, body };
}
