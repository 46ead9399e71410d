import type { V1Node } from '@kubernetes/client-node';
import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { connectCore } from './connect.ts';
import { isNotFound, kubernetesError } from './errors.ts';
import type { KubeNode, KubernetesNodes, KubernetesOptions, KubernetesTarget } from './types.ts';

/** Of a list, per request; a Node with its images is some 10 KB. */
const pageLimit = 100;
/** A server that gives a continuation for ever is not believed. */
const maxPages = 1_000;

const taint = z.object({
  key: z.string().min(1),
  value: z.string().optional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  timeAdded: z.coerce.date().optional(),
});

const node = z.object({
  metadata: z.object({
    name: z.string().min(1),
    uid: z.string().min(1),
    resourceVersion: z.string().min(1),
    labels: z.record(z.string(), z.string()).default({}),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({ taints: z.array(taint).default([]), unschedulable: z.boolean().default(false) }).default({
    taints: [],
    unschedulable: false,
  }),
  status: z
    .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
    .default({ conditions: [] }),
});

/** The Nodes of the cluster at `target`. Nothing is sent before the first call. */
export function kubernetesNodes(target: KubernetesTarget, options: KubernetesOptions = {}): KubernetesNodes {
  const where = target.api;
  const core = connectCore(target, options);
  const call = async <T>(verb: string, act: () => Promise<T>): Promise<T> => {
    try {
      return await act();
    } catch (error) {
      throw kubernetesError(where, verb, error);
    }
  };
  const read = (verb: string, answer: unknown): KubeNode => {
    const parsed = node.safeParse(answer);
    if (parsed.success) return nodeOf(parsed.data);
    throw new GantryError(
      'KUBERNETES_UNEXPECTED_ANSWER',
      `${where}: ${verb}: ${parsed.error.issues[0]?.message ?? ''}`,
      {
        evidence: {
          api: where,
          verb,
          issues: parsed.error.issues.slice(0, 5).map(({ path, message }) => `${path.join('.')}: ${message}`),
        },
      },
    );
  };
  return {
    where,
    async get(name) {
      const verb = `get node ${name}`;
      const found = await call(verb, async () => {
        try {
          return await core().readNode({ name });
        } catch (error) {
          if (isNotFound(error)) return undefined;
          throw error;
        }
      });
      return found === undefined ? undefined : read(verb, found);
    },
    async create({ name, labels, annotations, taints }) {
      const verb = `create node ${name}`;
      const body = {
        ...{ apiVersion: 'v1', kind: 'Node' },
        metadata: { name, labels: { ...labels }, annotations: { ...annotations } },
        spec: { taints: taints.map(written) },
      };
      return read(verb, await call(verb, () => core().createNode({ body })));
    },
    async change(name, resourceVersion, { labels, annotations, taints }) {
      const verb = `change node ${name}`;
      // A merge patch (RFC 7386): null removes a member, a list is replaced whole; the version in it makes the server compare.
      const body = {
        metadata: { resourceVersion, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) },
        ...(taints ? { spec: { taints: taints.map(written) } } : {}),
      };
      return read(verb, await call(verb, () => core('application/merge-patch+json').patchNode({ name, body })));
    },
    async list(selector) {
      const verb = 'list nodes';
      const all: KubeNode[] = [];
      let next: string | undefined;
      for (let page = 0; page < maxPages; page += 1) {
        const answer = await call(verb, () =>
          core().listNode({
            limit: pageLimit,
            ...(selector === undefined ? {} : { labelSelector: selector }),
            ...(next === undefined ? {} : { _continue: next }),
          }),
        );
        for (const item of answer.items) all.push(read(verb, item));
        next = answer.metadata?._continue;
        if (next === undefined || next === '') return all;
      }
      throw new GantryError('KUBERNETES_UNEXPECTED_ANSWER', `${where}: ${verb}: more than ${maxPages} pages`);
    },
  };
}

function nodeOf({ metadata, spec, status }: z.output<typeof node>): KubeNode {
  const ready = status.conditions.find(({ type }) => type === 'Ready')?.status;
  return {
    ...{ name: metadata.name, uid: metadata.uid, resourceVersion: metadata.resourceVersion },
    ...{ labels: metadata.labels, annotations: metadata.annotations },
    taints: spec.taints.map(({ key, value, effect, timeAdded }) => ({
      ...{ key, effect },
      ...(value === undefined ? {} : { value }),
      ...(timeAdded === undefined ? {} : { timeAdded: timeAdded.toISOString() }),
    })),
    unschedulable: spec.unschedulable,
    ready: ready === 'True' || ready === 'False' ? ready : 'Unknown',
  };
}

type WrittenTaint = NonNullable<NonNullable<V1Node['spec']>['taints']>[number];

function written({ key, value, effect, timeAdded }: KubeNode['taints'][number]): WrittenTaint {
  return {
    ...{ key, effect },
    ...(value === undefined ? {} : { value }),
    // The client's type is Date, whose JSON has a fraction of a second; the API's times have none.
    ...(timeAdded === undefined ? {} : { timeAdded: `${timeAdded.slice(0, 19)}Z` as unknown as Date }), // hence the text
  };
}
