import type { Control, HardeningClass } from './control.ts';
import { jailerControls } from './jailer.ts';
import { kernelControls } from './kernel.ts';
import { kvmControls } from './kvm.ts';

export type { Control, Flaw, HardeningClass } from './control.ts';

/** Every control of a host of this class, in the order in which they are applied. */
export function controlsOf(hostClass: HardeningClass): readonly Control[] {
  return [...kernelControls(hostClass), ...kvmControls, ...jailerControls(hostClass)];
}
