/** How a workload stands. `unknown`: its controller has not looked at this generation yet, or there is nothing to count. */
export type Readiness = { value: 'ready' | 'waiting' | 'failed' | 'unknown'; words: string };

type Workload = {
  kind: string;
  metadata: { name: string; generation?: number };
  spec?: Readonly<Record<string, unknown>>;
  status?: Readonly<Record<string, unknown>>;
};

/** Kinds that are ready when pods are. What is of another kind is ready when it is there. */
export const workloadKinds: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet'];

/**
 * What the status of a workload says of its newest generation. A status of an older one says nothing: it is what `kubectl rollout status`
 * waits out, too.
 */
export function readinessOf({ kind, metadata, spec = {}, status = {} }: Workload): Readiness {
  const name = `${kind} ${metadata.name}`;
  if (!workloadKinds.includes(kind)) return { value: 'ready', words: `${name} is there` };
  const observed = status['observedGeneration'];
  if (typeof observed !== 'number') return { value: 'unknown', words: `${name}: no controller has looked at it` };
  if (observed < (metadata.generation ?? 0)) {
    const words = `${name}: its status is of generation ${observed}, it has ${metadata.generation ?? 0}`;
    return { value: 'unknown', words };
  }
  const given = failure(status);
  if (given) return { value: 'failed', words: `${name}: ${given}` };
  const number = (field: string): number => (typeof status[field] === 'number' ? status[field] : 0);
  if (kind === 'DaemonSet') {
    const wanted = number('desiredNumberScheduled');
    if (wanted === 0) return { value: 'unknown', words: `${name}: no node is meant by it` };
    return counted(name, wanted, number('updatedNumberScheduled'), number('numberAvailable'));
  }
  const wanted = typeof spec['replicas'] === 'number' ? spec['replicas'] : 1;
  const available = kind === 'Deployment' ? number('availableReplicas') : number('readyReplicas');
  const result = counted(name, wanted, number('updatedReplicas'), available);
  const old = kind === 'Deployment' ? number('replicas') - wanted : 0;
  if (result.value !== 'ready' || old <= 0) return result;
  return { value: 'waiting', words: `${name}: ${old} pods of the former version are still there` };
}

/** All of them: one failed is a failure, one unknown leaves it unknown. */
export function together(all: readonly Readiness[]): Readiness {
  for (const value of ['failed', 'unknown', 'waiting'] as const) {
    const found = all.filter((one) => one.value === value);
    if (found.length > 0) return { value, words: found.map(({ words }) => words).join('; ') };
  }
  return { value: 'ready', words: all.map(({ words }) => words).join('; ') };
}

function counted(name: string, wanted: number, updated: number, available: number): Readiness {
  const words = `${name}: ${available} of ${wanted} available, ${updated} of the newest version`;
  return { value: updated >= wanted && available >= wanted ? 'ready' : 'waiting', words };
}

/** What a controller says that waiting does not cure. */
function failure(status: Readonly<Record<string, unknown>>): string | undefined {
  const conditions = Array.isArray(status['conditions']) ? (status['conditions'] as unknown[]) : [];
  for (const one of conditions) {
    const { type, status: value, reason, message } = (one ?? {}) as Record<string, unknown>;
    const late = type === 'Progressing' && value === 'False' && reason === 'ProgressDeadlineExceeded';
    if (late || (type === 'ReplicaFailure' && value === 'True')) return `${String(reason)}: ${String(message)}`;
  }
  return undefined;
}
