/** A unit that goes to another shard, and in which wave. */
export type Trip = { unit: number; to: number; wave: number };
