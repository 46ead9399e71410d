export { kubernetesNodes } from './nodes.ts';
export { kubernetesObjects, refOf } from './objects.ts';
export type {
  KubeObject,
  KubeRef,
  KubernetesObjects,
  KubeNode,
  KubernetesNodes,
  KubernetesOptions,
  KubernetesTarget,
  NewNode,
  NodeChange,
  Taint,
} from './types.ts';
