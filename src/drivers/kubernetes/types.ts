/** Where an API server is and who Gantry is there. */
export type KubernetesTarget = {
  /** `https://host:port`. */
  api: string;
  token: string;
  /** PEM of the authority that signed the server's certificate; left out: those of the worker's system. */
  ca?: string;
};

export type KubernetesOptions = {
  /** For one request with its connection. Milliseconds, 15,000 unless given. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

export type Taint = {
  key: string;
  value?: string;
  effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
  /** When it was added, as the API wrote it; kept as it is when the list is written back. */
  timeAdded?: string;
};

/** What Gantry reads of a Node. */
export type KubeNode = {
  name: string;
  uid: string;
  /** By which a change says what it was decided upon. */
  resourceVersion: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  taints: readonly Taint[];
  /** Cordoned. */
  unschedulable: boolean;
  /** Of the condition `Ready`; `Unknown` also before the first report. */
  ready: 'True' | 'False' | 'Unknown';
};

export type NewNode = {
  name: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  taints: readonly Taint[];
};

/** What is not named stays as it is; null removes a label or an annotation. Taints are one list and replaced whole. */
export type NodeChange = {
  labels?: Readonly<Record<string, string | null>>;
  annotations?: Readonly<Record<string, string | null>>;
  taints?: readonly Taint[];
};

/** The Nodes of one cluster. Every call throws KUBERNETES_… errors. */
export type KubernetesNodes = {
  /** For messages. */
  readonly where: string;
  /** Nothing where there is no such Node. */
  get(name: string): Promise<KubeNode | undefined>;
  /** @throws KUBERNETES_CONFLICT: there is one of that name already */
  create(node: NewNode): Promise<KubeNode>;
  /**
   * A compare-and-set: written only if the Node is still the one that was read.
   * @throws KUBERNETES_CONFLICT: changed since, nothing was written; KUBERNETES_NOT_FOUND
   */
  change(name: string, resourceVersion: string, change: NodeChange): Promise<KubeNode>;
  /** All of them, in pages of 100. `selector`: of labels, as `kubectl -l` takes it. */
  list(selector?: string): Promise<readonly KubeNode[]>;
};

/** Which object it is. */
export type KubeRef = { apiVersion: string; kind: string; name: string; namespace?: string };

/** An object of any kind as JSON, with what everything has. */
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion?: string;
    generation?: number;
    labels?: Readonly<Record<string, string>>;
    annotations?: Readonly<Record<string, string>>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
};

/** Objects of one cluster. Every call throws KUBERNETES_… errors. */
export type KubernetesObjects = {
  /** For messages. */
  readonly where: string;
  /** Nothing where there is no such object, or no such kind. */
  get(ref: KubeRef): Promise<KubeObject | undefined>;
  /**
   * Server-side apply with the field manager `gantry`, strict and never forced. `dryRun`: the server says what would be.
   * @throws KUBERNETES_CONFLICT: other clients manage some of its fields with other values, all of them named; KUBERNETES_REFUSED
   */
  apply(object: KubeObject, options?: { dryRun?: boolean }): Promise<KubeObject>;
  /**
   * A compare-and-set: only the object that was seen is deleted. `foreground`: it is there, with a `deletionTimestamp`, until all that
   * belongs to it has gone, such as the pods of a Deployment. @throws KUBERNETES_CONFLICT
   */
  delete(
    ref: KubeRef,
    seen: { uid: string; resourceVersion: string },
    options?: { foreground?: boolean },
  ): Promise<void>;
  /** Whatever of a kind is in a namespace, in pages of 100; nothing where the server has no such kind. */
  list(of: { apiVersion: string; kind: string; namespace: string }): Promise<readonly KubeObject[]>;
  /** Of everything in a namespace that can be deleted, of whichever kind: its names, its uid, its annotations, its owners. */
  contents(namespace: string): Promise<readonly KubeObject[]>;
};
