import type { CatalogueEntry } from '../entry.ts';

/** Hardening, reboot, services, burn-in and admission of a host. */
export const hostSystemErrors = {
  HOST_CANNOT_CONFORM: {
    meaning: 'A control of the hardening has a flaw that Gantry cannot put right: a person must.',
    retryable: false,
    hint: 'The message names each: firmware or microcode for a CPU vulnerability, or accept it in `hardening.acceptedVulnerabilities` of the class; for a console that would be taken away, add `console=tty0` to the boot loader or leave `8250.nr_uarts=0` out of `hardening.kernelArguments`; then `gantry retry <id>`.',
  },
  HOST_HAS_VMS: {
    meaning: 'VMs run on the host, and the step would end or starve them.',
    retryable: false,
    hint: 'Move the VMs away first (the message names processes and control groups), then `gantry retry <id>`.',
  },
  HOST_TAKES_VMS: {
    meaning: 'The host runs no VM, but its Node takes some, which the step would starve.',
    retryable: false,
    hint: '`kubectl cordon <node>`, then `gantry retry <id>`; uncordon it when the burn-in has passed, or the admission waits for you.',
  },
  HOST_REBOOT_WITHOUT_EFFECT: {
    meaning:
      'The host was rebooted, and its kernel still does not run as its configuration says. It is not rebooted again.',
    retryable: false,
    hint: 'On the host: compare `cat /proc/cmdline` with /boot/grub/grub.cfg; it may boot from another disk or entry (`efibootmgr`). Correct that, reboot by hand, then `gantry retry <id>`.',
  },
  HOST_NOT_BACK: {
    meaning: 'The host did not come back after its reboot within the time that Gantry waits.',
    retryable: true,
    hint: 'Look at its console (BMC). If it never went down, or hangs, reset it there; then `gantry retry <id>`: Gantry does not reboot it a second time.',
  },
  HOST_SERVICE_UNKNOWN: {
    meaning: 'The class of the host lists no such service: the platform file was changed after the plan.',
    retryable: false,
    hint: 'Abort the run and start another one, which plans with the changed file.',
  },
  HOST_SERVICE_NOT_INSTALLED: {
    meaning: 'systemd on the host does not know the unit, or it is masked. Gantry installs no daemons.',
    retryable: false,
    hint: 'Install the release of the daemon, or `systemctl unmask <unit>`; then `gantry retry <id>`.',
  },
  HOST_SERVICE_WRONG: {
    meaning:
      'A daemon of the host is not seen to do what it must, and VMs run: Gantry does not start or restart it, since that ends them or loses them.',
    retryable: false,
    hint: 'The message says what was seen. Move the VMs away, then `gantry retry <id>`: without VMs Gantry restarts the daemon.',
  },
  HOST_BURN_IN_FAILED: {
    meaning: 'A load ended with an error or a wrong result, or error counters of the hardware rose under load.',
    retryable: false,
    hint: 'The message names the part: a DIMM (edac), a disk by its serial number (smart), a card by its address (nic). Replace it, then `gantry retry <id>`.',
  },
  HOST_REGION_UNKNOWN: {
    meaning: 'The platform file has no Kubernetes API for the region of the host.',
    retryable: false,
    hint: 'Add the region to `hosts.kubernetes`, with its API, token and authority.',
  },
  HOST_NODE_TAKEN: {
    meaning: 'The Node of that name belongs to another machine, or to another life of this one.',
    retryable: false,
    hint: '`kubectl get node <name> -o yaml` shows its gantry.dev annotations. If that machine is gone: `kubectl delete node <name>`, then `gantry retry <id>`.',
  },
  HOST_NODE_CORDONED: {
    meaning: 'The Node is cordoned, and Gantry does not cordon: a person did, and Gantry does not lift it.',
    retryable: false,
    hint: 'Ask who cordoned it; `kubectl uncordon <name>`, then `gantry retry <id>`.',
  },
  HOST_NODE_NOT_POSTED: {
    meaning: 'A kubelet runs on the host and has not posted its Node yet.',
    retryable: true,
    hint: 'On the host: `journalctl -u kubelet`; its certificate or its API server address may be wrong.',
  },
  HOST_NOT_ADMISSIBLE: {
    meaning: 'The last look before admission found the host not as the run had left it.',
    retryable: false,
    hint: 'The message names what: wait for the end of a resync (`cat /proc/mdstat`), or find out who changed it; then `gantry retry <id>`.',
  },
  HOST_NOT_CONFORMING: {
    meaning: 'A host of the platform has drifted from what the platform file wants, or cannot be asked.',
    retryable: false,
    hint: 'The report has what was wanted and found. `gantry host onboard <serial> --dry-run` shows what would be put right.',
  },
} as const satisfies Record<string, CatalogueEntry>;
