import { describe, expect, it } from 'vitest';
import { hardenHost } from '../../../activities/host/system/harden-host.ts';
import { rebootHost } from '../../../activities/host/system/reboot-host.ts';
import type { PlayedHost } from '../../support/played-host.ts';
import { doStep, playedContext, playHost } from '../../support/played-host.ts';
import { playSystem } from '../../support/played-system.ts';

const of = { serial: 'T1', generation: 1 };
const bootId = (host: PlayedHost) => host.files.get('/proc/sys/kernel/random/boot_id')?.trim();
const reboots = (host: PlayedHost) => host.sent.filter(([name]) => name === 'reboot').length;

async function hardened() {
  const host = playHost();
  const system = playSystem(host);
  await doStep(hardenHost, of, host.deps);
  return { host, system };
}

describe('reboot-host', () => {
  it('does nothing to a host whose kernel waits for nothing', async () => {
    const host = playHost();
    playSystem(host, 'conforming');
    expect(await doStep(rebootHost, of, host.deps)).toMatchObject({ changed: false });
    expect(reboots(host)).toBe(0);
  });

  it('reboots once, and proves it by the boot id', async () => {
    const { host } = await hardened();
    const before = bootId(host);
    const run = await doStep(rebootHost, of, host.deps);
    expect(run).toMatchObject({ changed: true, before: { bootId: before }, after: { ended: before, waiting: [] } });
    expect(run.after.bootId).not.toBe(before);
    expect(reboots(host)).toBe(1);
  });

  it.each(['before', 'after'] as const)(
    'does not reboot twice when the connection is lost %s the command',
    async (when) => {
      const { host } = await hardened();
      host.cut('reboot', when);
      const before = bootId(host);
      // A lost connection may be the reboot itself: the step waits for the next boot. A retry begins where that ends.
      if (when === 'after') {
        expect(await doStep(rebootHost, of, host.deps)).toMatchObject({ after: { waiting: [] } });
      } else {
        const stop = new AbortController();
        const context = playedContext({
          signal: stop.signal,
          progress: () => stop.abort(new Error('the worker stops')),
        });
        await expect(doStep(rebootHost, of, host.deps, context)).rejects.toThrow();
        host.units.clear();
        await doStep(rebootHost, of, host.deps);
      }
      expect(bootId(host)).not.toBe(before);
      expect(bootId(host)?.slice(-4)).toBe('0002');
    },
  );

  it('is not repeated by a retry after the reboot, even where that had no effect', async () => {
    const { host, system } = await hardened();
    system.bootsWell = false;
    await expect(doStep(rebootHost, of, host.deps)).rejects.toMatchObject({ code: 'HOST_REBOOT_WITHOUT_EFFECT' });
    await expect(doStep(rebootHost, of, host.deps)).rejects.toMatchObject({ code: 'HOST_REBOOT_WITHOUT_EFFECT' });
    expect(reboots(host)).toBe(1);
  });

  it('refuses while VMs run', async () => {
    const { host, system } = await hardened();
    system.vms = ['process 4711'];
    await expect(doStep(rebootHost, of, host.deps)).rejects.toMatchObject({ code: 'HOST_HAS_VMS' });
    expect(reboots(host)).toBe(0);
  });

  it('refuses for a VM that was started after the look, and looks again at the next attempt', async () => {
    const { host, system } = await hardened();
    const before = bootId(host);
    const { observed } = await rebootHost.probe(of, host.deps, playedContext());
    system.vms = ['process 4711'];
    await expect(rebootHost.apply?.(of, observed, host.deps, playedContext())).rejects.toMatchObject({
      code: 'HOST_HAS_VMS',
    });
    expect(bootId(host)).toBe(before);
    system.vms = [];
    expect(await doStep(rebootHost, of, host.deps)).toMatchObject({ changed: true });
  });
});
