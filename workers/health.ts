import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../src/telemetry/metrics.ts';

/** What a worker process serves over HTTP: that it polls, and what it counts. */
export type HealthServer = { port: number; close: () => Promise<void> };

/** The paths that a worker answers. */
export const healthPaths = { health: '/healthz', metrics: '/metrics' } as const;

/**
 * Serves `/healthz` (200 while every worker of the process polls, 503 otherwise) and `/metrics`. Neither asks for a token, and
 * neither tells a secret: only the supervisor and Prometheus may reach the port. `port`: 0 for any.
 */
export async function serveHealth(
  port: number,
  { metrics, polling }: { metrics: Metrics; polling: () => boolean },
): Promise<HealthServer> {
  const server: Server = createServer((request, response) => {
    answer(request.url ?? '', response).catch(() => response.writeHead(500).end());
  });
  const answer = async (url: string, response: ServerResponse): Promise<void> => {
    const path = url.split('?')[0];
    if (path === healthPaths.health) {
      const ok = polling();
      response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' }).end(JSON.stringify({ ok }));
    } else if (path === healthPaths.metrics) {
      const text = await metrics.registry.metrics();
      response.writeHead(200, { 'content-type': metrics.registry.contentType }).end(text);
    } else response.writeHead(404).end();
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
