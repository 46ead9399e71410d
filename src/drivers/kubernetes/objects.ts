import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { everythingIn, pagesOf } from './contents.ts';
import { isNotFound, kubernetesError } from './errors.ts';
import { requestsTo } from './request.ts';
import type { KubeObject, KubeRef, KubernetesObjects, KubernetesOptions, KubernetesTarget } from './types.ts';

/** Whose fields Gantry's are, on every object that it applies. */
export const fieldManager = 'gantry';

const resources = z.object({
  resources: z.array(z.object({ name: z.string(), kind: z.string(), namespaced: z.boolean() })),
});

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  // What was only tried has no version.
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string().exactOptional(),
    resourceVersion: z.string().exactOptional(),
  }),
});

/** Objects of any kind of the cluster at `target`, as they are. Nothing is sent before the first call. */
export function kubernetesObjects(target: KubernetesTarget, options: KubernetesOptions = {}): KubernetesObjects {
  const where = target.api;
  const send = requestsTo(target, options);
  const kinds = new Map<string, z.output<typeof resources>['resources']>();
  const call = async <T>(verb: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw kubernetesError(where, verb, error);
    }
  };
  const unexpected = (verb: string, why: string): GantryError =>
    new GantryError('KUBERNETES_UNEXPECTED_ANSWER', `${where}: ${verb}: ${why}`, { evidence: { api: where, verb } });
  const read = (verb: string, answer: unknown): KubeObject => {
    const parsed = object.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw unexpected(verb, parsed.error.issues[0]?.message ?? 'no object');
  };
  /** The path of an object; nothing where the server does not know its kind (yet). */
  const pathOf = async ({ apiVersion, kind, name, namespace }: KubeRef): Promise<string | undefined> => {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const known = kinds.get(apiVersion) ?? (await discover(root));
    const found = known?.find((one) => one.kind === kind && !one.name.includes('/'));
    if (!known || !found) return undefined;
    kinds.set(apiVersion, known);
    const inside = found.namespaced ? `/namespaces/${encodeURIComponent(namespace ?? 'default')}` : '';
    return `${root}${inside}/${found.name}/${encodeURIComponent(name)}`;
  };
  const discover = async (root: string): Promise<z.output<typeof resources>['resources'] | undefined> => {
    try {
      const parsed = resources.safeParse(await send({ method: 'GET', path: root }));
      if (parsed.success) return parsed.data.resources;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
    throw unexpected(`read ${root}`, 'no list of resources');
  };
  return {
    where,
    async get(ref) {
      const verb = `get ${wordsOf(ref)}`;
      const found = await call(verb, async () => {
        const path = await pathOf(ref);
        if (path === undefined) return undefined;
        try {
          return await send({ method: 'GET', path });
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      });
      return found === undefined ? undefined : read(verb, found);
    },
    async apply(wanted, { dryRun = false } = {}) {
      const ref = refOf(wanted);
      const verb = `${dryRun ? 'try' : 'apply'} ${wordsOf(ref)}`;
      const answer = await call(verb, async () => {
        const path = await pathOf(ref);
        if (path === undefined)
          throw new GantryError(
            'KUBERNETES_REFUSED',
            `${where}: ${verb}: the server has no ${ref.kind} of ${ref.apiVersion}`,
          );
        const query = `fieldManager=${fieldManager}&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
        // Never forced: a field that another client manages with another value is a conflict, and is shown.
        return send({
          ...{ method: 'PATCH', path: `${path}?${query}`, contentType: 'application/apply-patch+yaml' },
          body: wanted,
        });
      });
      return read(verb, answer);
    },
    async delete(ref, { uid, resourceVersion }, { foreground = false } = {}) {
      await call(`delete ${wordsOf(ref)}`, async () => {
        const path = await pathOf(ref);
        if (path === undefined) return;
        try {
          const preconditions = { uid, resourceVersion };
          const propagation = foreground ? { propagationPolicy: 'Foreground' } : {};
          const body = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions, ...propagation };
          await send({ method: 'DELETE', path, body });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      });
    },
    async list({ apiVersion, kind, namespace }) {
      const verb = `list ${kind} of ${namespace}`;
      return call(verb, async () => {
        const path = await pathOf({ apiVersion, kind, name: '', namespace });
        if (path === undefined) return [];
        return (await pagesOf(send, path.replace(/\/$/, ''))).map((one) => read(verb, { apiVersion, kind, ...one }));
      });
    },
    async contents(namespace) {
      const verb = `list everything in ${namespace}`;
      const found = await call(verb, () => everythingIn(send, namespace));
      return found.map((one) => read(verb, one));
    },
  };
}

/** Which object a manifest is about. */
export function refOf({ apiVersion, kind, metadata }: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): KubeRef {
  const { name, namespace } = metadata;
  return { apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function wordsOf({ kind, name, namespace }: KubeRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
