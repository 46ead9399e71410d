import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '../src/errors/index.ts';
import { until } from './clock.ts';
import { freePort } from './ports.ts';
import { onPath } from './programs.ts';

export type BmcOptions = {
  /** For its files; it must be there no longer than the BMC. */
  dir: string;
  user: string;
  password: string;
  /** The process that is the machine: it ends with the power. */
  machine?: number;
  /** How long it goes on saying `on` once the power is gone. Seconds. Default 0. */
  lagSeconds?: number;
};

/** A BMC that speaks IPMI 2.0 on loopback (OpenIPMI's simulator), over a machine that is a process. */
export type Bmc = {
  readonly port: number;
  /** What its machine has, whatever it says. */
  power: () => 'on' | 'off';
  /** Takes the power and gives it back after so many seconds, as a watchdog does. */
  cycle: (seconds: number) => void;
  stop: () => Promise<void>;
};

/** The simulator offers these suites and not 17. */
export const bmcSuite = 3;

/** @throws GantryError LAB_PART_MISSING */
export async function findBmc(): Promise<void> {
  for (const program of ['ipmi_sim', 'ipmitool']) {
    if (!onPath(program)) {
      throw new GantryError('LAB_PART_MISSING', `${program} is not on PATH: run scripts/setup-bmc.sh`);
    }
  }
}

/** @throws GantryError LAB_PART_MISSING, LAB_PART_FAILED */
export async function startBmc({ dir, user, password, machine, lagSeconds = 0 }: BmcOptions): Promise<Bmc> {
  await findBmc();
  const port = await freePort();
  const state = join(dir, 'state');
  mkdirSync(state, { recursive: true });
  const power = join(dir, 'power');
  const chassis = join(dir, 'chassis');
  const lan = join(dir, 'lan.conf');
  const emu = join(dir, 'bmc.emu');
  writeFileSync(power, '1');
  // The simulator asks it `get power` and tells it `set power 0`. What was set is told late where the BMC is slow.
  // Once: another process may have its number by the second time.
  const kill = machine === undefined ? '' : `[ "$(cat '${power}')" = 1 ] && kill -9 ${machine} 2>/dev/null; `;
  const off = `${kill}echo 0 >'${power}'; date +%s >'${power}.since'`;
  const late = `[ -e '${power}.since' ] && [ $(($(date +%s) - $(cat '${power}.since'))) -lt ${lagSeconds} ]`;
  const back = `[ -e '${power}.back' ] && [ $(date +%s) -ge $(cat '${power}.back') ] && echo 1 >'${power}'`;
  const told = `${back}; if ${late}; then echo power:1; else echo "power:$(cat '${power}')"; fi`;
  writeFileSync(chassis, `#!/bin/sh\ncase "$*" in 'get power') ${told} ;; 'set power 0') ${off} ;; esac\nexit 0\n`, {
    mode: 0o755,
  });
  writeFileSync(
    lan,
    [
      'name "bmc"',
      'set_working_mc 0x20',
      '  startlan 1',
      `    addr 127.0.0.1 ${port}`,
      '    priv_limit admin',
      '    allowed_auths_admin none md2 md5 straight',
      '    guid a123456789abcdefa123456789abcdef',
      '  endlan',
      `  chassis_control "${chassis}"`,
      `  user 2 true "${user}" "${password}" admin 10 none md2 md5 straight`,
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  writeFileSync(
    emu,
    'mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr\nmc_enable 0x20\n',
  );
  // It ends when its standard input does.
  const sim = spawn('ipmi_sim', ['-c', lan, '-f', emu, '-s', state], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [sim.stdout, sim.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  const ended = new Promise<void>((resolve) => sim.once('close', () => resolve()));
  const isUp = await until(async () => said.includes('mc_enable') || sim.exitCode !== null, 10_000);
  if (!isUp || sim.exitCode !== null) {
    sim.kill('SIGKILL');
    throw new GantryError('LAB_PART_FAILED', `ipmi_sim does not start: ${said.slice(-300)}`);
  }
  return {
    port,
    cycle: (seconds) => {
      writeFileSync(`${power}.back`, String(Math.ceil(Date.now() / 1000) + seconds));
      writeFileSync(power, '0');
    },
    power: () => (readFileSync(power, 'utf8').trim() === '1' ? 'on' : 'off'),
    async stop() {
      sim.kill('SIGKILL');
      await ended;
    },
  };
}
