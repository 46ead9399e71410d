import { z } from 'zod';
import { entries, inputJsonSchema } from '../../registry/index.ts';
import { domainOf, startedBy, verbOf } from '../../runs/index.ts';
import { decide } from '../access/index.ts';
import type { Api, ApiOptions } from '../context.ts';
import { mustSeeAnything } from '../context.ts';
import { problems } from './answers.ts';

const needs = ['see', 'start', 'operate', 'approve'] as const;

const kindShape = z
  .object({
    kind: z.string(),
    summary: z.string(),
    docs: z.string(),
    path: z.string().exactOptional().describe('Where a run of it is started; absent for a part of another run.'),
    example: z.record(z.string(), z.unknown()),
    input: z.record(z.string(), z.unknown()).describe('JSON Schema.'),
    may: z.array(z.enum(needs)).describe('What the person of the token may do.'),
  })
  .meta({ id: 'Kind' });

/** What can be started, and what the platform file that this API reads says. */
export function platformRoutes(api: Api, options: ApiOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/kinds',
    schema: {
      operationId: 'list-kinds',
      summary: 'Every kind of run, its input, and what you may do with it',
      tags: ['platform'],
      response: { 200: z.object({ kinds: z.array(kindShape) }), ...problems(401, 403, 429) },
    },
    handler: (request) => {
      const who = mustSeeAnything(options, request);
      const access = options.access();
      const kinds = Object.values(entries).map(({ kind, summary, docs, example }) => ({
        ...{ kind, summary, docs, example: { ...example } },
        ...(startedBy(kind) === undefined ? { path: `/v1/${domainOf(kind)}/${verbOf(kind)}` } : {}),
        input: inputJsonSchema(kind),
        may: needs.filter((need) => decide(access, who, need, kind).allowed),
      }));
      return Promise.resolve({ kinds });
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/platform',
    schema: {
      operationId: 'get-platform',
      summary: 'The platform file that this API reads: its digest, regions, windows, freezes and schedules',
      tags: ['platform'],
      response: {
        200: z.object({
          name: z.string(),
          digest: z.string(),
          regions: z.array(z.string()),
          windows: z.array(z.record(z.string(), z.unknown())),
          freezes: z.array(z.record(z.string(), z.unknown())),
          schedules: z.array(z.record(z.string(), z.unknown())),
        }),
        ...problems(401, 403, 422, 429),
      },
    },
    handler: (request) => {
      mustSeeAnything(options, request);
      const { platform, digest } = options.platform();
      const { name, regions, windows, freezes, schedules } = platform;
      const plain = (list: readonly object[]): Record<string, unknown>[] => list.map((one) => ({ ...one }));
      return Promise.resolve({
        ...{ name, digest, regions: Object.keys(regions) },
        ...{ windows: plain(windows), freezes: plain(freezes), schedules: plain(Object.values(schedules)) },
      });
    },
  });
}
