import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Connection } from '@temporalio/client';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import { findTemporalCli } from '../programs.ts';

export type TemporalOptions = {
  stateDir: string;
  /** Default: a free one. */
  port?: number;
  /** Given, or with `ui: true`: the UI is served too. */
  uiPort?: number;
  ui?: boolean;
  /** Name → type, registered at start: `{ GantryKind: 'Keyword' }`. */
  searchAttributes?: Readonly<
    Record<string, 'Keyword' | 'Text' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList'>
  >;
  /** Keeps histories across restarts, on SQLite with WAL and without fsync: not for trying crashes of the machine. */
  dbFile?: string;
  detached?: boolean;
  /** Default `temporal`; unique under the state folder. */
  name?: string;
};

export type RunningTemporal = {
  address: string;
  uiUrl?: string;
  namespace: 'default';
  pid: number;
  stop(): Promise<void>;
  /** SIGKILL. With a `dbFile` and the same ports, a new `startTemporal` goes on from there. */
  kill(): Promise<void>;
  freeze(): void;
  thaw(): void;
};

/**
 * The lab's dynamic configuration: named beside every figure taken on it. The first two undo the dev server's 50 ms tick
 * per activity (88–100 ms → 17–21 ms, measured), the next three are what the SDK passes, then one partition per queue: with
 * four, a task can wait 27 s in one whose pollers all belong to a frozen worker (3 of 9 stops of the kill sweep; 0 of 16 with
 * one). The last two lift the silent throttle.
 */
export const temporalSettings: Readonly<Record<string, string>> = {
  'history.transferProcessorMaxPollRPS': '2000',
  'history.timerProcessorMaxPollRPS': '2000',
  'system.enableActivityEagerExecution': 'true',
  'frontend.enableServerVersionCheck': 'false',
  'frontend.enableUpdateWorkflowExecution': 'true',
  'frontend.enableUpdateWorkflowExecutionAsyncAccepted': 'true',
  'matching.numTaskqueueReadPartitions': '1',
  'matching.numTaskqueueWritePartitions': '1',
  'frontend.namespaceRPS': '20000',
  'frontend.rps': '20000',
};

/**
 * Starts a Temporal dev server and waits until it answers over gRPC.
 * @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED
 */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const command = await findTemporalCli();
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort ?? (options.ui ? await freePort() : undefined);
  const address = `127.0.0.1:${port}`;
  const uiUrl = uiPort === undefined ? undefined : `http://127.0.0.1:${uiPort}`;
  if (options.dbFile) mkdirSync(dirname(options.dbFile), { recursive: true });

  const running = await startProcess({
    stateDir: options.stateDir,
    name: options.name ?? 'temporal',
    part: 'temporal',
    command,
    args: [
      ...[
        'server',
        'start-dev',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--log-format',
        'json',
        '--log-level',
        'warn',
      ],
      ...(uiPort === undefined ? ['--headless'] : ['--ui-port', String(uiPort)]),
      ...(options.dbFile ? ['--db-filename', options.dbFile] : []),
      ...(options.dbFile ? ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=off'] : []),
      ...Object.entries(temporalSettings).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
      ...Object.entries(options.searchAttributes ?? {}).flatMap(([key, type]) => [
        '--search-attribute',
        `${key}=${type}`,
      ]),
    ],
    ports: [port, ...(uiPort === undefined ? [] : [uiPort])],
    endpoints: { address, namespace: 'default', ...(uiUrl === undefined ? {} : { uiUrl }) },
    ready: () => answers(address),
    ...(options.detached === undefined ? {} : { detached: options.detached }),
  });
  return {
    address,
    ...(uiUrl === undefined ? {} : { uiUrl }),
    namespace: 'default',
    pid: running.pid,
    stop: () => running.stop(),
    kill: () => running.kill(),
    freeze: () => running.freeze(),
    thaw: () => running.thaw(),
  };
}

/** The namespace is there before the frontend serves it: ask for that, not only for the port. */
export async function answers(address: string): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    return true;
  } finally {
    await connection.close();
  }
}
