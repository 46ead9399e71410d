import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import type { ApiRequest } from './request.ts';

type Send = (request: ApiRequest) => Promise<unknown>;
type Listed = Record<string, unknown>;

const pageLimit = 100;
/** So many objects are in no namespace of a platform: a list that goes on is broken. */
const maxPages = 200;
/** Without what the objects say: names, owners and annotations are all that is asked for (API concepts, "Partial object metadata"). */
const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

const page = z.object({
  metadata: z.object({ continue: z.string().exactOptional() }).default({}),
  items: z.array(z.record(z.string(), z.unknown())),
});
const groups = z.object({
  groups: z.array(z.object({ preferredVersion: z.object({ groupVersion: z.string() }) })),
});
const resources = z.object({
  resources: z.array(
    z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean(), verbs: z.array(z.string()).default([]) }),
  ),
});

/** Every page of a list. @throws KUBERNETES_UNEXPECTED_ANSWER, what a request gives */
export async function pagesOf(send: Send, path: string, accept?: string): Promise<Listed[]> {
  const all: Listed[] = [];
  let next: string | undefined;
  for (let at = 0; at < maxPages; at += 1) {
    const query = `limit=${pageLimit}${next === undefined ? '' : `&continue=${encodeURIComponent(next)}`}`;
    const request = { method: 'GET' as const, path: `${path}?${query}`, ...(accept === undefined ? {} : { accept }) };
    const { items, metadata } = parsed(page, path, await send(request));
    all.push(...items);
    next = metadata.continue;
    if (next === undefined || next === '') return all;
  }
  throw unexpected(path, `more than ${maxPages} pages`);
}

/**
 * Everything in a namespace that can be listed and deleted, of every kind that the server has by now. One kind that cannot be listed fails
 * all of it: what is not seen might be lost.
 */
export async function everythingIn(send: Send, namespace: string): Promise<Listed[]> {
  const { groups: found } = parsed(groups, '/apis', await send({ method: 'GET', path: '/apis' }));
  const roots = [
    { apiVersion: 'v1', root: '/api/v1' },
    ...found.map(({ preferredVersion: { groupVersion } }) => ({
      apiVersion: groupVersion,
      root: `/apis/${groupVersion}`,
    })),
  ];
  const all: Listed[] = [];
  for (const { apiVersion, root } of roots) {
    const { resources: kinds } = parsed(resources, root, await send({ method: 'GET', path: root }));
    for (const { name, kind, namespaced, verbs } of kinds) {
      if (!namespaced || name.includes('/') || !verbs.includes('list') || !verbs.includes('delete')) continue;
      const path = `${root}/namespaces/${encodeURIComponent(namespace)}/${name}`;
      const items = await pagesOf(send, path, metadataOnly);
      // In a list an object does not say of what kind it is, or says that it is its metadata.
      all.push(...items.map((one) => ({ ...one, apiVersion, kind })));
    }
  }
  return all;
}

function parsed<T>(schema: z.ZodType<T>, path: string, answer: unknown): T {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw unexpected(path, result.error.issues[0]?.message ?? 'another answer');
}

function unexpected(path: string, why: string): GantryError {
  return new GantryError('KUBERNETES_UNEXPECTED_ANSWER', `read ${path}: ${why}`, { evidence: { path } });
}
