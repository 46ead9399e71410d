import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import type { Problem } from '../errors/index.ts';
import { problem, refusal } from '../errors/index.ts';
import { defaultTaskQueue } from '../runs/index.ts';
import type { ConnectionFlags, ConnectionSettings, Environment } from './connection.ts';
import { readConnection } from './connection.ts';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Everything that Gantry's processes take from their environment. */
export type Settings = {
  connection: ConnectionSettings;
  /** The queue of workflow tasks; every other queue's name starts with it. */
  taskQueue: string;
  /** Absolute. */
  platformPath: string;
  /** Absolute. Who may use the HTTP API. */
  accessPath: string;
  /** Absolute. Where the lab and `gantry dev` keep what they start. */
  stateDir: string;
  /** Absolute. The key by which the API signs approvals; undefined where it signs none. */
  approvalKeyPath: string | undefined;
  /** Where a worker serves its health and its metrics; undefined where it serves none. */
  healthPort: number | undefined;
  logLevel: LogLevel;
};

/** Gantry's own variables: what they are for, their default and their form. docs/reference/settings.md lists exactly these. */
export const variables = {
  GANTRY_TASK_QUEUE: {
    meaning: 'The queue of workflow tasks; the activity queues are named after it.',
    fallback: defaultTaskQueue,
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be a name: letters, digits, . _ -'),
  },
  GANTRY_PLATFORM: {
    meaning: 'The platform file.',
    fallback: './platform.yaml',
    schema: z.string().regex(/\.(ya?ml|json)$/, 'must be a path to a .yaml file'),
  },
  GANTRY_ACCESS: {
    meaning: 'The access file: who may use the HTTP API.',
    fallback: './access.yaml',
    schema: z.string().regex(/\.(ya?ml|json)$/, 'must be a path to a .yaml file'),
  },
  GANTRY_APPROVAL_KEY: {
    meaning: 'The file with the private key by which the API signs approvals; without it the API signs none.',
    fallback: '',
    schema: z.string(),
  },
  GANTRY_HEALTH_PORT: {
    meaning: 'The port on which a worker process serves `/healthz` and `/metrics`; without it, it serves neither.',
    fallback: '',
    schema: z.string().regex(/^(\d{1,5})?$/, 'must be a port'),
  },
  GANTRY_STATE_DIR: {
    meaning: 'The folder in which the lab and `gantry dev` keep what they start.',
    fallback: './.gantry',
    schema: z.string().min(1),
  },
  GANTRY_LOG: {
    meaning: `The least severe level that is logged: ${logLevels.join(', ')}.`,
    fallback: 'info',
    schema: z.enum(logLevels, `must be one of ${logLevels.join(', ')}`),
  },
} as const satisfies Record<string, { meaning: string; fallback: string; schema: z.ZodType<string> }>;

/**
 * Environment and flags → settings.
 * @throws GantryError SETTINGS_INVALID with every problem at once, each naming its variable or flag.
 */
export function loadSettings(env: Environment, flags: ConnectionFlags = {}, cwd = process.cwd()): Settings {
  const problems: Problem[] = [];
  const read = <N extends keyof typeof variables>(name: N): z.output<(typeof variables)[N]['schema']> | undefined => {
    // An empty variable is one that isn't set: `GANTRY_LOG= gantry …` means the default.
    const value = env[name] || variables[name].fallback;
    const result = variables[name].schema.safeParse(value);
    if (result.success) return result.data as z.output<(typeof variables)[N]['schema']>;
    problems.push(
      ...result.error.issues.map(({ message }) =>
        problem('SETTINGS_INVALID', `${name} ${message}; it is ${JSON.stringify(value)}`, name),
      ),
    );
    return undefined;
  };
  const taskQueue = read('GANTRY_TASK_QUEUE');
  const platformPath = read('GANTRY_PLATFORM');
  const accessPath = read('GANTRY_ACCESS');
  const approvalKey = read('GANTRY_APPROVAL_KEY');
  const healthPort = read('GANTRY_HEALTH_PORT');
  const stateDir = read('GANTRY_STATE_DIR');
  const logLevel = read('GANTRY_LOG');
  const connection = readConnection(env, flags);
  problems.push(...connection.problems);
  if (
    problems.length > 0 ||
    !taskQueue ||
    !platformPath ||
    !accessPath ||
    !stateDir ||
    !logLevel ||
    !connection.settings
  )
    throw refusal(problems);
  return {
    connection: connection.settings,
    taskQueue,
    platformPath: absolute(platformPath, cwd),
    accessPath: absolute(accessPath, cwd),
    stateDir: absolute(stateDir, cwd),
    approvalKeyPath: approvalKey ? absolute(approvalKey, cwd) : undefined,
    healthPort: healthPort ? Number(healthPort) : undefined,
    logLevel,
  };
}

function absolute(path: string, cwd: string): string {
  return isAbsolute(path) ? path : resolve(cwd, path);
}
