import type { CatalogueEntry } from './entry.ts';

/** Of commands on hosts, whichever domain gives them. */
export const sshErrors = {
  SSH_FAILED: {
    meaning: 'No SSH session could be opened to the host, or its key is not the one that the platform file pins.',
    retryable: true,
    hint: 'From the worker: `ssh -v -p <port> <user>@<host>`; compare `ssh-keyscan <host>` with `hostKey` in the platform file.',
  },
  REMOTE_UNIT_FAILED: {
    meaning: 'systemd on the host refused a unit of Gantry, or the unit could not be ended.',
    retryable: true,
    hint: 'On the host: `systemctl status gantry-*`; what each unit printed is in /var/lib/gantry/units.',
  },
} as const satisfies Record<string, CatalogueEntry>;
