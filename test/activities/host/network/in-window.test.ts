import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Sight } from '../../../../activities/host/network/confirm.ts';
import type { InWindow } from '../../../../activities/host/network/in-window.ts';
import { changeInWindow } from '../../../../activities/host/network/in-window.ts';
import { networkSpec } from '../../../../activities/host/network/spec.ts';
import { until } from '../../../../lab/clock.ts';
import type { ScriptedHost } from './scripted-host.ts';
import { cards, scriptHost } from './scripted-host.ts';
import { bondOf, digestOf, inventory } from './specs.ts';

const ours = { mustBeOurs: () => undefined, progress: () => undefined };

function sightOf(host: ScriptedHost): Sight {
  const access: Sight['access'] = { serial: 'LAB', ssh: host.ssh, fresh: (use) => use(host.ssh) };
  return {
    ...{ access, places: host.places, windows: host.windows },
    signal: new AbortController().signal,
  };
}

const seconds = 90;

function change(host: ScriptedHost, confirm: InWindow['confirm'], unit = 'host/LAB/run-1/8'): Promise<{ id: string }> {
  const options = {
    ...{ unit, bond: 'bond0', cards, confirmWithinMs: seconds * 1_000 },
    spec: networkSpec(inventory, bondOf({})),
  };
  return changeInWindow(sightOf(host), { options, filesDigest: async () => digestOf(host), confirm }, ours);
}

/** As a worker does that sees what was applied. */
function sees(host: ScriptedHost): InWindow['confirm'] {
  return async (id) => {
    await until(async () => (await host.windows.status(host.ssh, id)).applied, 60_000, 20);
    return { confirmed: host.masterOf('enp0s3') === 'bond0' };
  };
}

/** The worker is killed at the moment when it would look. */
async function killed(host: ScriptedHost): Promise<string> {
  let window = '';
  await expect(
    change(host, async (id) => {
      window = id;
      await until(async () => (await host.windows.status(host.ssh, id)).applied, 60_000, 20);
      throw new Error('kill -9');
    }),
  ).rejects.toThrow('kill -9');
  return window;
}

test('a change that is seen to work is committed', async () => {
  const host = scriptHost();
  const { id } = await change(host, sees(host));
  expect(await host.windows.status(host.ssh, id)).toMatchObject({ decided: 'committed', ended: 'committed' });
});

test('the attempt that follows a killed worker goes on in its window, and applies nothing twice', async () => {
  const host = scriptHost();
  const first = await killed(host);
  host.forgetCalls();
  const { id } = await change(host, sees(host));
  expect(id).toBe(first);
  expect(host.calls().filter((call) => call.startsWith('networkctl'))).toEqual([]);
});

test('the attempt that comes after the host went back opens another window', async () => {
  const host = scriptHost();
  const first = await killed(host);
  host.fire(`gantry-net-revert-${first}.timer`);
  const { id } = await change(host, sees(host));
  expect(id).not.toBe(first);
  expect(host.masterOf('enp0s3')).toBe('bond0');
});

test('an attempt that finds too little time left ends the window first', async () => {
  const host = scriptHost();
  const first = await killed(host);
  // Armed longer ago than the window is long.
  writeFileSync(join(host.places.base, first, 'armed'), '-1000\n');
  const { id } = await change(host, sees(host));
  expect(id).not.toBe(first);
  expect((await host.windows.status(host.ssh, first)).decided).toBe('reverted');
});

test('what is not seen to work is reverted at once, and the refusal says what was not seen', async () => {
  const host = scriptHost();
  const failed = change(host, async (id) => {
    await until(async () => (await host.windows.status(host.ssh, id)).applied, 60_000, 20);
    return { confirmed: false, findings: ['the other end does not speak LACP'] };
  });
  await expect(failed).rejects.toMatchObject({
    code: 'HOST_NETWORK_NOT_CONFIRMED',
    message: 'LAB: the other end does not speak LACP',
  });
  expect(host.files()).toEqual(['20-plain.network']);
  expect(host.timers()).toEqual([]);
});

test('a host that cannot be reached any more is waited for until it has gone back by itself', async () => {
  const host = scriptHost();
  let window = '';
  const failed = change(host, async (id) => {
    await until(async () => (await host.windows.status(host.ssh, id)).applied, 60_000, 20);
    window = id;
    host.reachable(false);
    return { confirmed: false, findings: ['over a fresh connection: no route'] };
  });
  const refused = expect(failed).rejects.toMatchObject({ code: 'HOST_NETWORK_NOT_CONFIRMED' });
  await until(async () => window !== '', 60_000, 20);
  host.fire(`gantry-net-revert-${window}.timer`);
  host.reachable(true);
  await refused;
  expect(host.addresses('enp0s3')).toContain('10.9.0.7/24');
});

test('a commit that comes after the time is over is refused, and another window is tried once', async () => {
  const host = scriptHost();
  const windows: string[] = [];
  const late = change(host, async (id) => {
    windows.push(id);
    await until(async () => (await host.windows.status(host.ssh, id)).applied, 60_000, 20);
    host.fire(`gantry-net-revert-${id}.timer`);
    return { confirmed: true };
  });
  await expect(late).rejects.toMatchObject({ code: 'HOST_NETWORK_REVERTED' });
  expect(windows).toHaveLength(2);
  expect(host.files()).toEqual(['20-plain.network']);
});

test('the window of another run is left alone', async () => {
  const host = scriptHost();
  const first = await killed(host);
  await expect(change(host, sees(host), 'host/LAB/run-2/8')).rejects.toMatchObject({ code: 'HOST_NETWORK_BUSY' });
  expect((await host.windows.status(host.ssh, first)).decided).toBeUndefined();
  expect(host.timers()).toEqual([`gantry-net-revert-${first}.timer`]);
});

test('the window of another run whose dead-man is gone is reverted', async () => {
  const host = scriptHost();
  const first = await killed(host);
  await host.ssh.run(['sh', '-c', `rm ${host.root}/timers/*`], { timeoutMs: 10_000 });
  await expect(change(host, sees(host), 'host/LAB/run-2/8')).rejects.toMatchObject({ code: 'HOST_NETWORK_BUSY' });
  expect(await until(async () => !existsSync(join(host.places.base, 'open')), 60_000, 20)).toBe(true);
  expect((await host.windows.status(host.ssh, first)).ended).toBe('reverted');
  expect((await change(host, sees(host), 'host/LAB/run-2/8')).id).not.toBe(first);
});
