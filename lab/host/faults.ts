import type { LabHost } from './index.ts';

/**
 * Gives the host another SSH key, as a reinstallation does. From then on the lab itself is refused, until it is told to pin
 * what this gives: the new public key.
 */
export async function changeHostKey({ ok }: Pick<LabHost, 'ok'>): Promise<string> {
  const key = '/etc/ssh/ssh_host_ed25519_key';
  const shown = `ssh-keyscan -t ed25519 127.0.0.1 2>/dev/null | grep -qF "$(cut -d" " -f2 ${key}.pub)"`;
  // Over one connection: sshd reads its key at each, so that the next one is refused.
  return ok(`
    set -e
    rm -f ${key} ${key}.pub && ssh-keygen -q -t ed25519 -N '' -f ${key}
    systemctl reload ssh
    timeout 120 sh -c 'until ${shown}; do sleep 0.2; done'
    cat ${key}.pub`);
}

/** Sets the host's clock off by so many seconds, and keeps anything from setting it right. */
export async function setClockOff({ ok }: Pick<LabHost, 'ok'>, seconds: number): Promise<void> {
  await ok(`systemctl stop chrony && date -s "@$(($(date +%s) + ${seconds}))"`);
}

/** The clock as it was: by the machine's, which runs on. */
export async function setClockRight({ ok }: Pick<LabHost, 'ok'>): Promise<void> {
  await ok('hwclock --hctosys --utc && systemctl start chrony');
}

/** Takes all room of the disk that the system is on; gives it back with `freeOsDisk`. */
export async function fillOsDisk({ ok }: Pick<LabHost, 'ok'>): Promise<void> {
  // fallocate refuses what is more than there is: all but little at once, the rest until ENOSPC.
  const free = `$(df --output=avail -B1M / | tail -1 | tr -d ' ')`;
  await ok(
    `fallocate -l "$((${free} - 8))M" /var/ballast; dd if=/dev/zero bs=64k >>/var/ballast 2>/dev/null; sync; true`,
  );
}

export async function freeOsDisk({ ok }: Pick<LabHost, 'ok'>): Promise<void> {
  await ok('rm -f /var/ballast && sync');
}
