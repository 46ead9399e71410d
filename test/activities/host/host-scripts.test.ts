import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { sweepScript } from '../../../activities/host/system/controls/scripts.ts';
import { runningVmsScript } from '../../../activities/host/system/running-vms.ts';
import { labFolder } from '../../support/lab.ts';

const old = new Date(Date.now() - 2 * 86_400_000);

/** A jail as the jailer leaves it; what is in it was last changed two days ago, unless it is young. */
function jail(jailer: string, id: string, { young = false } = {}): string {
  const at = join(jailer, 'firecracker', id);
  mkdirSync(join(at, 'root'), { recursive: true });
  writeFileSync(join(at, 'root', 'disk'), 'x');
  if (!young) for (const path of [join(at, 'root', 'disk'), join(at, 'root'), at]) utimesSync(path, old, old);
  return at;
}

describe('the script that removes jails', () => {
  const sweep = (jailer: string, cgroup: string): string => {
    const file = join(labFolder(), 'sweep');
    writeFileSync(file, sweepScript);
    chmodSync(file, 0o755);
    return execFileSync('sh', [file], { env: { ...process.env, JAILER: jailer, CGROUP: cgroup }, encoding: 'utf8' });
  };

  it('removes one whose VM is gone for a day, and no other', async () => {
    const jailer = join(labFolder(), 'jailer');
    const cgroup = join(labFolder(), 'cgroup');
    const dead = jail(jailer, 'dead');
    const young = jail(jailer, 'young', { young: true });
    const inUse = jail(jailer, 'in-use');
    const grouped = jail(jailer, 'grouped');
    mkdirSync(join(cgroup, 'firecracker', 'grouped'), { recursive: true });
    writeFileSync(join(cgroup, 'firecracker', 'grouped', 'cgroup.procs'), '4711\n');
    const process = spawn('sleep', ['600'], { cwd: join(inUse, 'root'), stdio: 'ignore' });
    try {
      expect(await until(() => Promise.resolve(process.pid !== undefined), 30_000, 50)).toBe(true);
      expect(sweep(jailer, cgroup)).toBe(`removed ${dead}\n`);
      expect([dead, young, inUse, grouped].map((at) => existsSync(at))).toEqual([false, true, true, true]);
    } finally {
      process.kill('SIGKILL');
    }
  });

  it('does nothing where there is no jailer', () => {
    expect(sweep(join(labFolder(), 'none'), '/nowhere')).toBe('');
  });
});

describe('the look for running VMs', () => {
  // A look at each process by programs of its own took more than 30 s on a slow host, and was given up each time.
  it('starts no program for each process of the host', () => {
    const folder = labFolder();
    const log = join(folder, 'started');
    writeFileSync(log, '');
    for (const tool of ['cat', 'tr', 'head', 'grep', 'stat', 'sed', 'awk', 'xargs', 'sort']) {
      const real = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', tool], { encoding: 'utf8' }).trim();
      writeFileSync(join(folder, tool), `#!/bin/sh\necho ${tool} >>'${log}'\nexec ${real} "$@"\n`, { mode: 0o755 });
    }
    const sleepers = Array.from({ length: 60 }, () => spawn('sleep', ['600'], { stdio: 'ignore' }));
    try {
      const env = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
      const said = execFileSync('sh', ['-c', runningVmsScript], { encoding: 'utf8', env });
      expect(said.trim().split('\n').at(-1)).toBe('end');
      const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
      expect(readFileSync(log, 'utf8').trim().split('\n').length).toBeLessThan(processes);
    } finally {
      for (const sleeper of sleepers) sleeper.kill('SIGKILL');
    }
  });

  const look = (): string[] => execFileSync('sh', ['-c', runningVmsScript], { encoding: 'utf8' }).trim().split('\n');

  it('sees a process that calls itself firecracker, whatever program it is, and says where it ends', async () => {
    const process = spawn('sleep', ['600'], { argv0: '/jail/firecracker', stdio: 'ignore' });
    try {
      expect(await until(() => Promise.resolve(look().includes(`process ${process.pid}`)), 60_000, 200)).toBe(true);
      expect(look().at(-1)).toBe('end');
    } finally {
      process.kill('SIGKILL');
    }
  });
});
