import swagger from '@fastify/swagger';
import { createJsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { gantryVersion } from '../settings/index.ts';
import type { Api } from './context.ts';

/** Bodies whose JSON Schema is the registry's own, by the Zod schema that stands for them. */
const described = new WeakMap<object, { schema: Record<string, unknown>; example: object }>();
/** Headers that the handler judges itself, so that what is wrong with one has a code of its own. */
const describedHeaders = new WeakMap<object, Record<string, unknown>>();

/** A body that the handler judges itself; the OpenAPI document has this schema for it. */
export function describedBody(schema: Record<string, unknown>, example: object): z.ZodUnknown {
  const body = z.unknown();
  described.set(body, { schema, example });
  return body;
}

/** A header that must be there, and that the handler judges itself; the OpenAPI document has this schema for it. */
export function describedHeader<N extends string>(
  name: N,
  schema: Record<string, unknown>,
): z.ZodType<Partial<Record<N, string>>> {
  const headers = z.looseObject({ [name]: z.string().exactOptional() });
  describedHeaders.set(headers, { type: 'object', properties: { [name]: schema }, required: [name] });
  return headers as never;
}

/** Fields may be added to an answer: a client that refuses one that it does not know would break. */
const transform = createJsonSchemaTransform({
  zodToJsonConfig: {
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod as { def: { type: string; catchall?: unknown } };
      if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
    },
  },
});

/** Makes `api.swagger()` the OpenAPI 3.1 document of the routes that follow. */
export async function describeApi(api: Api): Promise<void> {
  await api.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Gantry',
        version: gantryVersion,
        description:
          'Durable runbooks for a micro-VM platform. Every answer that is not a 2xx is `application/problem+json`, with the code of the error catalogue and the next step.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: (document) => {
      const { schema, url } = transform(document);
      const { body, headers } = (document.schema ?? {}) as { body?: object; headers?: object };
      const [own, ownHeaders] = [body && described.get(body), headers && describedHeaders.get(headers)];
      return {
        schema: {
          ...schema,
          ...(own ? { body: { ...own.schema, examples: [own.example] } } : {}),
          ...(ownHeaders ? { headers: ownHeaders } : {}),
        },
        url,
      };
    },
    transformObject: (document) => withoutInputs(jsonSchemaTransformObject(document)),
  });
}

/** The provider makes a second component `XInput` of every X; no request of this API has one. */
function withoutInputs<T extends object>(document: T): T {
  const { components } = document as { components?: { schemas?: Record<string, unknown> } };
  for (const name of Object.keys(components?.schemas ?? {}))
    if (name.endsWith('Input')) delete components?.schemas?.[name];
  return document;
}
