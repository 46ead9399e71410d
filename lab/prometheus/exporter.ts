import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a Prometheus scrapes: the test says what it shows. */
export type LabExporter = {
  /** `127.0.0.1:<port>`. */
  readonly target: string;
  /** Shows a sample, `name` with its labels, until it is told otherwise; `atMs` is a time of its own. */
  show(name: string, value: number | string, atMs?: number): void;
  /** Shows it no more. */
  hide(name: string): void;
  /** Answers 500 while it is down. */
  down(isDown: boolean): void;
  stop(): Promise<void>;
};

/** An exporter of the lab, in the text format of Prometheus. */
export async function startExporter(): Promise<LabExporter> {
  const samples = new Map<string, string>();
  let isDown = false;
  const server = createServer((_request, response) => {
    const lines = [...samples].map(([name, rest]) => `${name} ${rest}\n`);
    response.writeHead(isDown ? 500 : 200, { 'content-type': 'text/plain; version=0.0.4' }).end(lines.join(''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    target: `127.0.0.1:${port}`,
    show: (name, value, atMs) => void samples.set(name, `${value}${atMs === undefined ? '' : ` ${atMs}`}`),
    hide: (name) => void samples.delete(name),
    down: (value) => void (isDown = value),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
