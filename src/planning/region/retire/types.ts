import type { RetiredClaims, RetiredComponent, RetiredNetwork, RetiredObject } from '../../../runs/index.ts';
import type { Finding } from '../types.ts';

/** What is there of a component. */
export type StandingComponent = Pick<RetiredComponent, 'component' | 'digest'> & {
  /** In the order in which they are applied. */
  objects: readonly RetiredObject[];
  /** Of them, those that are not as their manifest says, and where. */
  edited: readonly string[];
  /** Objects of its names that have not Gantry's mark: they stay. */
  foreign: readonly string[];
  claims: RetiredClaims['claims'];
};

/** What was read of a region that is to be retired. */
export type RetireFacts = {
  /** By part of the edge, how it stands. `there`: it would have to go. */
  edge: readonly { place: string; words: string; there: boolean }[];
  /** What others registered in its target group. */
  targets: readonly string[];
  components: readonly StandingComponent[];
  /** Volume claims that belong to no component. */
  otherClaims: readonly string[];
  /** By namespace that Gantry made, what else is in it now, what is to go before it included; read only where data is to go. */
  inNamespaces: Readonly<Record<string, readonly string[]>>;
  network?: RetiredNetwork;
  /** What others put into the network. */
  inNetwork: readonly string[];
  findings: readonly Finding[];
};
