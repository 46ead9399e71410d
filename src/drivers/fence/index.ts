export type { Fence, FenceTarget } from './fence.ts';
export { commandFence, sshFence } from './fence.ts';
