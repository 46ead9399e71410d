import type { CatalogueEntry } from '../entry.ts';

/** Of the change of a host's network. Wherever one of these is given, the host has a network that was confirmed before. */
export const hostNetworkErrors = {
  HOST_NETWORK_UNFIT: {
    meaning:
      'The host cannot have the network that the platform file gives it: a card is missing, has no carrier or is too slow, or systemd-networkd does not run. Nothing was changed.',
    retryable: false,
    hint: 'The message lists everything that does not fit. Correct the cabling, the host or `uplinks` and `bond` in the platform file; then `gantry retry <id>`.',
  },
  HOST_NETWORK_CHANGED: {
    meaning:
      'The network of the host is not the one that the plan was made from: another actor has changed it since. Nothing was changed.',
    retryable: false,
    hint: 'On the host: `networkctl`, `ls -l /etc/systemd/network`. If the change is to be replaced, `gantry abort <id>` and start the run again: it plans from what is there now.',
  },
  HOST_NETWORK_BUSY: {
    meaning: 'Another run is changing the network of this host. Its window ends by itself, confirmed or reverted.',
    retryable: true,
    hint: 'On the host: `sh /var/lib/gantry/net/$(cat /var/lib/gantry/net/open)/window status`.',
  },
  HOST_NETWORK_NOT_CONFIRMED: {
    meaning:
      'The new network was not seen to work within its window, so it was not committed and the host has its former network back. The message says what was not seen.',
    retryable: false,
    hint: 'A partner that does not speak LACP, another MTU on the switch, a cable in the wrong port: correct it, then `gantry retry <id>`. On the host: `journalctl -t sh -u "gantry-net-*"`.',
  },
  HOST_NETWORK_REVERTED: {
    meaning: 'The window of the change closed before it was committed: the host has its former network back.',
    retryable: true,
    hint: 'The next attempt opens another window. If this repeats, `confirmWithin` of the bond is too short for this host.',
  },
  HOST_NETWORK_UNKNOWN: {
    meaning: 'The host does not answer although its window is over: it should have its former network back by now.',
    retryable: true,
    hint: 'At its console: `cat /var/lib/gantry/net/open`; `sh /var/lib/gantry/net/<window>/window revert`. See docs/host/network.md.',
  },
  HOST_NETWORK_DEGRADED: {
    meaning:
      'The network of the host is the committed one, but it does not work as it should: a member of the bond is down, or its partner does not answer. A new window would not fix that.',
    retryable: false,
    hint: 'On the host: `cat /proc/net/bonding/<bond>`. Correct the cable or the switch; then `gantry retry <id>`.',
  },
  HOST_NETWORK_REFUSED: {
    meaning:
      'A command of the network change failed on the host before anything was changed, or the host gave an answer that cannot be read.',
    retryable: true,
    hint: 'The message has what the host said. On the host: `systemctl status "gantry-net-*"`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
