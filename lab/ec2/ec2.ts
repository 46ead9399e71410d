import { createServer, request as ask } from 'node:http';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import { findMoto } from '../programs.ts';
import type { LabRequest } from './actions.ts';
import { actionOf, isWrite, nameIn, refusal } from './actions.ts';

/** What moto takes: anything. */
export const labEc2Login = { accessKeyId: 'lab', secretAccessKey: 'lab-secret' } as const;

/** Instead of passing a request on: a refusal in the service's form, or a connection that ends; `after`: once moto has done it. */
export type Ec2Fault = { status: number; code: string; message?: string } | { reset: 'before' | 'after' };

/** A change that moto made. `name`: by the tag of what was made, or the first id that the request has. */
export type Ec2Change = { action: string; name: string };

export type LabEc2 = {
  /** Through the proxy, where faults are. */
  readonly endpoint: string;
  /** Of moto itself: what the lab asks there is not counted. */
  readonly direct: string;
  /** The names of the actions so far, in their order. */
  readonly actions: readonly string[];
  /** Of those, the ones that change something. */
  writes(): readonly string[];
  /** Those that moto answered well, also where nobody heard the answer. */
  readonly changes: readonly Ec2Change[];
  forget(): void;
  /** Everything in the account is gone, in every region. */
  reset(): Promise<void>;
  /** Does `fault` to the next `times` requests of this action. */
  fault(action: string, fault: Ec2Fault, times?: number): void;
  clear(): void;
  stop(): Promise<void>;
};

/**
 * EC2 for the lab, and what else of AWS the edge of a region is made in: moto behind a proxy that counts actions and can refuse them.
 * Everything is in memory, by region.
 *
 * What it cannot show: that anything takes time (a NAT gateway is available at once), that a change is seen late, quotas, what a
 * rule does to packets, and that a load balancer has addresses.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startEc2(options: { stateDir: string }): Promise<LabEc2> {
  const command = await findMoto();
  const [own, port] = [await freePort(), await freePort()];
  const endpoint = `http://127.0.0.1:${port}`;
  const moto = await startProcess({
    stateDir: options.stateDir,
    name: `ec2-${own}`,
    part: 's3',
    command,
    args: ['-H', '127.0.0.1', '-p', String(own)],
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
    ports: [own, port],
    endpoints: { endpoint },
    ready: async () => (await fetch(`http://127.0.0.1:${own}/moto-api/`)).ok,
    readyWithinMs: 60_000,
  });
  let actions: string[] = [];
  let changes: Ec2Change[] = [];
  let faults: { action: string; fault: Ec2Fault; times: number }[] = [];
  const server = createServer((from, to) => {
    const chunks: Buffer[] = [];
    from.on('data', (chunk: Buffer) => void chunks.push(chunk));
    from.on('end', () => {
      const body = Buffer.concat(chunks);
      const target = from.headers['x-amz-target'];
      const asked: LabRequest = {
        ...{ method: from.method ?? '', path: from.url ?? '', body: body.toString('utf8') },
        target: typeof target === 'string' ? target : undefined,
      };
      const action = actionOf(asked);
      actions.push(action);
      const hit = faults.find((one) => one.action === action && one.times > 0);
      if (hit) hit.times -= 1;
      const fault = hit?.fault;
      if (fault && 'status' in fault) {
        const { status, code, message = code } = fault;
        const { type, text } = refusal(asked, { code, message });
        to.writeHead(status, { 'content-type': type });
        return void to.end(text);
      }
      if (fault?.reset === 'before') return void from.socket.destroy();
      const onward = ask(
        { host: '127.0.0.1', port: own, method: from.method, path: from.url, headers: from.headers },
        (answer) => {
          const isMade = answer.statusCode === 200 || answer.statusCode === 201;
          if (isMade && isWrite(action)) changes.push({ action, name: nameIn(asked.body) });
          if (fault) return void answer.resume().on('end', () => from.socket.destroy());
          to.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(to);
        },
      );
      onward.once('error', () => from.socket.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    ...{ endpoint, direct: `http://127.0.0.1:${own}` },
    get actions() {
      return actions;
    },
    writes: () => actions.filter(isWrite),
    get changes() {
      return changes;
    },
    forget: () => void ([actions, changes] = [[], []]),
    reset: async () => void (await fetch(`http://127.0.0.1:${own}/moto-api/reset`, { method: 'POST' })),
    fault: (action, fault, times = 1) => void faults.push({ action, fault, times }),
    clear: () => void (faults = []),
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await moto.kill();
    },
  };
}
