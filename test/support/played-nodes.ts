import type { HostNodes } from '../../activities/host/index.ts';
import type { KubeNode } from '../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../src/errors/index.ts';

/** The Nodes of a cluster, in memory, with the API's versions: a change of an older one than the last is refused. */
export type PlayedNodes = HostNodes & {
  /** As they are. */
  readonly all: Map<string, KubeNode>;
  /** As another client does it: no version is compared, and the version moves. */
  set(name: string, change: Partial<KubeNode>): void;
  /** Called before each write, once: for what another client does in between. */
  beforeWrite: (() => void) | undefined;
};

export function playNodes(): PlayedNodes {
  const all = new Map<string, KubeNode>();
  let version = 0;
  const put = (node: Omit<KubeNode, 'resourceVersion'>): KubeNode => {
    version += 1;
    const stored = { ...node, resourceVersion: String(version) };
    all.set(node.name, stored);
    return stored;
  };
  const between = (): void => {
    const act = nodes.beforeWrite;
    nodes.beforeWrite = undefined;
    act?.();
  };
  const merged = (held: Readonly<Record<string, string>>, change: Readonly<Record<string, string | null>> = {}) =>
    Object.fromEntries(
      Object.entries({ ...held, ...change }).filter((entry): entry is [string, string] => entry[1] !== null),
    );
  const blank = { uid: 'u', labels: {}, annotations: {}, taints: [], unschedulable: false, ready: 'True' as const };
  const nodes: PlayedNodes = {
    where: 'https://played',
    region: 'r1',
    all,
    beforeWrite: undefined,
    set: (name, change) => void put({ ...blank, ...all.get(name), ...change, name }),
    get: (name) => Promise.resolve(all.get(name)),
    list: () => Promise.resolve([...all.values()]),
    create: async (node) => {
      await Promise.resolve();
      between();
      if (all.has(node.name)) throw new GantryError('KUBERNETES_CONFLICT', `${node.name} exists`);
      return put({ ...blank, ...node });
    },
    change: async (name, resourceVersion, { labels, annotations, taints }) => {
      await Promise.resolve();
      between();
      const held = all.get(name);
      if (!held) throw new GantryError('KUBERNETES_NOT_FOUND', `there is no ${name}`);
      if (held.resourceVersion !== resourceVersion) throw new GantryError('KUBERNETES_CONFLICT', `${name} was changed`);
      return put({
        ...held,
        labels: merged(held.labels, labels),
        annotations: merged(held.annotations, annotations),
        ...(taints ? { taints } : {}),
      });
    },
  };
  return nodes;
}
