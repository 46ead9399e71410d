import { z } from 'zod';
import {
  guardKnowledgeShape,
  guardStatusShape,
  listedRunShape,
  reportShape,
  statusShape,
  troubleShape,
} from '../registry/index.ts';

const run = z.strictObject({ run: statusShape });

/** The `--json` contract: the one object that each command prints. docs/reference/json.md explains it; tests hold it. */
export const jsonShapes = {
  run: run.extend({ report: reportShape.exactOptional(), note: z.string().exactOptional() }),
  act: run,
  runs: z.strictObject({ runs: z.array(listedRunShape) }),
  audit: z.strictObject({
    audit: z.object({
      groups: z.array(
        z.object({
          group: z.string(),
          primary: z.string().exactOptional(),
          findings: z.array(
            z.object({ code: z.string(), message: z.string(), place: z.string().exactOptional(), hint: z.string() }),
          ),
        }),
      ),
    }),
  }),
  health: z.strictObject({
    health: z.object({
      cluster: z.string(),
      ok: z.boolean(),
      checks: z.array(
        z.object({
          part: z.enum(['server', 'replica', 'queue', 'mutations', 'parts', 'disk', 'keeper']),
          server: z.string(),
          table: z.string().exactOptional(),
          ok: z.boolean(),
          reading: z.string(),
          threshold: z.string(),
          code: z.string().exactOptional(),
          hint: z.string().exactOptional(),
        }),
      ),
    }),
  }),
  guard: z.strictObject({
    workflowId: z.string(),
    runId: z.string(),
    /** With a start: false if it ran already. */
    started: z.boolean().exactOptional(),
    guard: guardStatusShape.exactOptional(),
    live: guardKnowledgeShape.exactOptional(),
    note: z.string().exactOptional(),
  }),
  platform: z.strictObject({
    platform: z.object({
      path: z.string(),
      digest: z.string(),
      name: z.string(),
      regions: z.array(z.string()),
      redisGroups: z.array(z.object({ name: z.string(), region: z.string(), nodes: z.array(z.string()) })),
      windows: z.number(),
      freezes: z.number(),
      schedules: z.number(),
    }),
  }),
  doctor: z.strictObject({
    ok: z.boolean(),
    checks: z.array(
      z.object({
        name: z.string(),
        state: z.enum(['ok', 'bad', 'unknown']),
        fact: z.string(),
        next: z.string().exactOptional(),
      }),
    ),
  }),
  dev: z.strictObject({
    dev: z.object({ address: z.string(), namespace: z.string(), ui: z.string(), taskQueue: z.string() }),
  }),
  lab: z.strictObject({
    lab: z.array(
      z.object({
        name: z.string(),
        part: z.string(),
        pid: z.number(),
        ports: z.array(z.number()),
        endpoints: z.record(z.string(), z.unknown()),
        logFile: z.string(),
        running: z.boolean(),
      }),
    ),
  }),
  error: z.strictObject({ error: troubleShape }),
} as const;

/** The shapes by name. */
export type JsonShape = keyof typeof jsonShapes;

/** What a command may print under a name. */
export type JsonOf<S extends JsonShape> = Fixed<z.input<(typeof jsonShapes)[S]>>;

/** Read-only all the way down, as the answers are. */
type Fixed<T> = T extends readonly (infer E)[]
  ? readonly Fixed<E>[]
  : T extends object
    ? { readonly [K in keyof T]: Fixed<T[K]> }
    : T;
