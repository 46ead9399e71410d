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
  act: run.extend({ now: z.string() }),
  runs: z.strictObject({ runs: z.array(listedRunShape) }),
  audit: z.strictObject({
    audit: z.object({
      groups: z.array(
        z.object({
          group: z.string(),
          primary: z.string().exactOptional(),
          untouched: z.boolean().exactOptional(),
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
  pins: z.strictObject({
    pins: z.object({
      path: z.string(),
      /** Whether the file was replaced. */
      written: z.boolean(),
      images: z.array(
        z.object({
          name: z.string(),
          image: z.string(),
          state: z.enum(['pinned', 'moved', 'same', 'untagged']),
          from: z.string().exactOptional(),
          digest: z.string(),
          platforms: z.array(z.string()),
        }),
      ),
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
  schedules: z.strictObject({
    schedules: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        act: z.enum(['create', 'update', 'delete', 'none', 'foreign']),
        differences: z.array(z.object({ field: z.string(), live: z.unknown(), wanted: z.unknown() })),
        paused: z.string().exactOptional(),
      }),
    ),
  }),
  missed: z.strictObject({
    missed: z.array(
      z.object({
        name: z.string(),
        id: z.string(),
        state: z.enum(['active', 'paused', 'absent']),
        expected: z.number(),
        started: z.number(),
        missed: z.array(z.object({ name: z.string(), at: z.string() })),
      }),
    ),
  }),
  access: z.strictObject({
    who: z.string(),
    kind: z.string(),
    decisions: z.array(
      z.object({ need: z.enum(['see', 'start', 'operate', 'approve']), allowed: z.boolean(), why: z.string() }),
    ),
  }),
  signingKey: z.strictObject({
    path: z.string(),
    line: z.object({ id: z.string(), ed25519: z.string() }),
  }),
  auditVerdict: z.strictObject({
    verdict: z.object({
      ok: z.boolean(),
      lines: z.number(),
      head: z.object({ seq: z.number(), hash: z.string() }),
      findings: z.array(z.object({ line: z.number(), what: z.string(), message: z.string() })),
    }),
  }),
  auditLines: z.strictObject({
    lines: z.array(
      z.looseObject({ seq: z.number(), at: z.string(), by: z.string(), act: z.string(), outcome: z.string() }),
    ),
  }),
  token: z.strictObject({
    token: z.string(),
    line: z.object({ id: z.string(), person: z.string(), sha256: z.string(), expires: z.string() }),
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
