import { monotonicMs, pause } from '../../lab/clock.ts';
import type { KubernetesApi } from '../../lab/kubernetes/index.ts';
import { readinessOf } from '../../src/planning/region/index.ts';

type Workload = Parameters<typeof readinessOf>[0];
const kinds = { Deployment: 'deployments', StatefulSet: 'statefulsets', DaemonSet: 'daemonsets' } as const;

/** Watches the workloads of a namespace for as long as a run goes on. */
export type ReadyTimes = {
  /** When each was first seen ready, `Deployment/gatewayd` → wall clock, milliseconds. */
  stop: () => Promise<ReadonlyMap<string, number>>;
};

/** Looks every so often: what is ready is known this much later at the most. Milliseconds. */
const everyMs = 200;

/** Asks the API server itself, beside Gantry: when a workload really was ready. */
export function watchReadiness(api: KubernetesApi, namespace: string): ReadyTimes {
  const seen = new Map<string, number>();
  let over = false;
  const look = async (): Promise<void> => {
    for (const [kind, plural] of Object.entries(kinds)) {
      const { status, body } = await api.get(`/apis/apps/v1/namespaces/${namespace}/${plural}`);
      if (status !== 200) throw new Error(`the API server answered ${status} to a look at ${plural}: ${body.message}`);
      for (const item of body.items ?? []) {
        const { spec = {}, metadata } = item;
        const { name = '', generation = 0 } = metadata ?? {};
        const called = `${kind}/${name}`;
        // An item of a list leaves its kind out.
        const status = (item.status ?? {}) as NonNullable<Workload['status']>;
        const { value } = readinessOf({ kind, metadata: { name, generation }, spec, status });
        if (!seen.has(called) && value === 'ready') seen.set(called, Date.now());
      }
    }
  };
  const watching = (async () => {
    while (!over) {
      const startedAt = monotonicMs();
      await look();
      await pause(Math.max(0, startedAt + everyMs - monotonicMs()));
    }
  })();
  return {
    stop: async () => {
      over = true;
      await watching;
      // The run may end within a look of the last one's being ready.
      await look();
      return seen;
    },
  };
}
