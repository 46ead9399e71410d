import type { Finding } from '../types.ts';

/** What was read of a host's network, and what its class wants of it. */
export type NetworkFacts = {
  bond: string;
  mode: string;
  uplinks: readonly string[];
  address?: string;
  /** A digest of the network as it stands: the step refuses another one. */
  stands: string;
  /** The network is the one that the platform file asks for, committed and as it should be. */
  done: boolean;
  /** Everything that keeps the host from having it, in words. */
  misfits: readonly string[];
  confirmWithinMs: number;
  gateway?: string;
};

/** What the step works from; absent where nothing is to be bonded. */
export type NetworkData = { stands: string };

export type PlannedNetwork =
  | {
      ok: true;
      actions: readonly { step: 'host.change-network'; what: string; reversible: true }[];
      warnings: readonly string[];
      data: NetworkData;
    }
  | { ok: false; findings: readonly Finding[] };

/** Facts of a host's network → the part of the plan that changes it. Pure. */
export function planNetwork(facts: NetworkFacts): PlannedNetwork {
  const { bond, mode, uplinks, address, stands, done, misfits, confirmWithinMs, gateway } = facts;
  if (!done && misfits.length > 0) {
    return { ok: false, findings: misfits.map((message) => ({ code: 'HOST_NETWORK_UNFIT', message, place: bond })) };
  }
  const over = uplinks.join(', ');
  const at = address === undefined ? '' : `, ${address}`;
  const seconds = Math.ceil(confirmWithinMs / 1_000);
  const what = done
    ? `Leave ${bond} as it is: ${mode} over ${over}${at}`
    : `Bond ${over} as ${bond} (${mode}${at}); without a commit within ${seconds} s the host goes back by itself`;
  return {
    ok: true,
    actions: [{ step: 'host.change-network', what, reversible: true }],
    warnings:
      gateway === undefined && !done
        ? [`the platform file names no gateway for ${bond}: what goes out through it is not looked at`]
        : [],
    data: { stands },
  };
}
