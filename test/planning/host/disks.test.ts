import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DiskFacts, HostUuids, Signature } from '../../../src/planning/host/index.ts';
import {
  arrayStanding,
  diskStanding,
  fstabLine,
  fstabStanding,
  generationOf,
  parseWipe,
  tableStanding,
  wipeToken,
  withFstabLine,
  withoutFstabLine,
} from '../../../src/planning/host/index.ts';

const uuid = fc.uuid();
const uuids: fc.Arbitrary<HostUuids> = fc.record({ array: uuid, label: uuid, partition: uuid, filesystem: uuid });
const signature: fc.Arbitrary<Signature> = fc.record({
  type: fc.constantFrom('xfs', 'ext4', 'gpt', 'LVM2_member', 'zfs_member', 'linux_raid_member'),
  uuid,
  offset: fc.constantFrom('0x0', '0x200', '0x438', '0x1000'),
});
const digest = fc.stringMatching(/^[0-9a-f]{12}$/);
const disk: fc.Arbitrary<DiskFacts> = fc
  .record({
    ...{
      serial: fc.constantFrom('D1', 'D2', 'D3', 'D4'),
      kernelName: fc.constant('nvme2n1'),
      bytes: fc.constant(4e12),
    },
    ...{
      system: fc.boolean(),
      uses: fc.array(fc.constantFrom('swap', 'mounted at /mnt', 'dm dm-0'), { maxLength: 1 }),
    },
    ...{ signatures: fc.array(signature, { maxLength: 3 }), blankEdges: fc.boolean(), digest },
    member: fc.option(fc.record({ array: uuid, name: fc.constant('x'), events: fc.nat(3) }), { nil: undefined }),
  })
  .map(({ member, ...rest }) => ({ ...rest, path: `/dev/disk/by-id/${rest.serial}`, ...(member ? { member } : {}) }));

const own: HostUuids = {
  array: '11111111-2222-5333-8444-555555555555',
  label: '11111111-2222-5333-8444-555555555556',
  partition: '11111111-2222-5333-8444-555555555557',
  filesystem: '11111111-2222-5333-8444-555555555558',
};
const blank = (serial: string): DiskFacts => ({
  ...{
    serial,
    path: `/dev/disk/by-id/${serial}`,
    kernelName: serial.toLowerCase(),
    bytes: 4e12,
    system: false,
    uses: [],
  },
  ...{ signatures: [], blankEdges: true, digest: '000000000000' },
});
const ours = (serial: string, events: number): DiskFacts => ({
  ...blank(serial),
  ...{
    blankEdges: false,
    signatures: [{ type: 'linux_raid_member' }],
    member: { array: own.array, name: 'gantry', events },
  },
});

describe('a disk', () => {
  it('that holds anything which no token names by its digest is never wiped', () => {
    fc.assert(
      fc.property(disk, uuids, digest, (seen, life, other) => {
        const wipes = other === seen.digest ? [] : [{ serial: seen.serial, digest: other }];
        expect(diskStanding(seen, life, wipes).is).not.toBe('to-wipe');
      }),
    );
  });

  it('that is in use, or carries the system, is kept whatever token is given', () => {
    fc.assert(
      fc.property(disk, uuids, (seen, life) => {
        fc.pre(seen.system || seen.uses.length > 0);
        expect(diskStanding(seen, life, [{ serial: seen.serial, digest: seen.digest }]).is).toBe('kept');
      }),
    );
  });

  it('counts as blank only when nothing at all is on it', () => {
    fc.assert(
      fc.property(disk, uuids, (seen, life) => {
        if (diskStanding(seen, life, []).is !== 'blank') return;
        expect(seen).toMatchObject({ system: false, uses: [], signatures: [], blankEdges: true });
        expect(seen.member).toBeUndefined();
      }),
    );
  });

  it('is ours by the UUID of this life alone', () => {
    fc.assert(
      fc.property(disk, uuids, (seen, life) => {
        fc.pre(seen.member === undefined || seen.member.array.replaceAll('-', '') !== life.array.replaceAll('-', ''));
        expect(diskStanding(seen, life, []).is).not.toBe('ours');
      }),
    );
  });

  it('has a token that says which disk, and what was on it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9@._-]{1,20}$/), digest, (serial, held) => {
        expect(parseWipe(wipeToken({ serial, digest: held }))).toEqual({ serial, digest: held });
      }),
    );
  });
});

describe('an array', () => {
  const serials = ['D1', 'D2', 'D3', 'D4'];
  const standing = (disks: DiskFacts[], arrays: Parameters<typeof arrayStanding>[0]['arrays'] = []) =>
    arrayStanding({ disks, missing: [], arrays }, own);

  it('is made of blank disks, or of such on which it was only begun', () => {
    expect(standing(serials.map(blank))).toEqual({ is: 'absent' });
    expect(standing([ours('D1', 0), ours('D2', 0), blank('D3'), blank('D4')])).toEqual({
      is: 'half-made',
      members: ['D1', 'D2'],
    });
    expect(standing(serials.map((serial) => ours(serial, 9)))).toEqual({ is: 'stopped' });
  });

  it('is never made again once any member has been in use', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 4, maxLength: 4 }),
        fc.integer({ min: 0, max: 15 }),
        (events, blanks) => {
          const disks = serials.map((serial, at) =>
            blanks & (1 << at) ? blank(serial) : ours(serial, events[at] ?? 0),
          );
          const used = disks.some(({ member }) => (member?.events ?? 0) > 0);
          const { is } = standing(disks);
          if (used) expect(['stopped', 'wrong']).toContain(is);
          if (used && blanks > 0) expect(is).toBe('wrong');
        },
      ),
    );
  });

  it('is not whole while it lacks a member, whatever its disks carry', () => {
    const array = {
      ...{ uuid: own.array.replaceAll('-', ''), kernelName: 'md127', active: true, level: 'raid10', slots: 4 },
      ...{ syncAction: 'idle', bytes: 8e12, holds: ['d1', 'd2', 'd3', 'd4'] },
    };
    const disks = serials.map((serial) => ours(serial, 9));
    expect(standing(disks, [{ ...array, degraded: 0, members: ['d1', 'd2', 'd3', 'd4'] }]).is).toBe('whole');
    expect(standing(disks, [{ ...array, degraded: 1, members: ['d1', 'd2', 'd3'] }])).toMatchObject({
      code: 'HOST_ARRAY_INCOMPLETE',
      why: expect.stringContaining('D4') as string,
    });
  });

  it('has no table of ours with another partition beside ours', () => {
    const partition = { uuid: own.partition, name: 'vm-g1', start: 2_048, size: 1_000_000 };
    const content = (partitions: (typeof partition)[]) => ({
      signatures: [{ type: 'gpt' }],
      table: { label: 'gpt', uuid: own.label, lastSector: 1_002_100, partitions },
    });
    expect(tableStanding(content([partition]), own)).toEqual({ is: 'ours' });
    expect(tableStanding(content([partition, { ...partition, uuid: own.array }]), own).is).toBe('foreign');
    expect(tableStanding(content([{ ...partition, size: 1_000 }]), own).is).toBe('foreign');
    expect(tableStanding({ signatures: [] }, own)).toEqual({ is: 'absent' });
  });
});

describe('a generation', () => {
  const lives = new Map(
    [1, 2, 3].map((life) => [life, { ...own, array: own.array.replace(/.$/, String(life)) }] as const),
  );
  const carrying = (...generations: number[]) => ({
    arrays: [],
    disks: generations.map((life) => ({
      ...ours(`D${life}`, 9),
      member: { array: lives.get(life)?.array ?? '', name: '', events: 9 },
    })),
  });

  it.each([
    ['the first one of a machine that nothing is known of', {}, carrying(), 1],
    ['what the host keeps, whatever else is found', { record: 2, node: 5 }, carrying(3), 2],
    ['what its disks carry, when its system was installed again', {}, carrying(2), 2],
    ['the same, when its Node agrees', { node: 2 }, carrying(2), 2],
    ['a new one, when its Node knows of a later life than its disks', { node: 3 }, carrying(1), 4],
    ['a new one, when its disks carry two', {}, carrying(1, 2), 3],
    ['a new one, when its Node knows of a life and its disks are blank', { node: 1 }, carrying(), 2],
  ])('is %s', (_what, known, disks, expected) => {
    expect(generationOf({ ...known, lives, disks })).toBe(expected);
  });
});

describe('/etc/fstab', () => {
  const line = fc.constantFrom(
    'UUID=aaaa / ext4 defaults 0 1',
    '# /srv/vm is ours',
    'LABEL=x /home xfs defaults 0 2',
    '',
    'tmpfs /tmp tmpfs',
  );

  it('gets our line once, keeps every other one, and is as before without it', () => {
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const text = lines.length === 0 ? '' : `${lines.join('\n')}\n`;
        const withIt = withFstabLine(text, own.filesystem, '/srv/vm');
        expect(fstabStanding(withIt, own.filesystem, '/srv/vm')).toEqual({ is: 'ours' });
        expect(withFstabLine(withIt, own.filesystem, '/srv/vm')).toBe(withIt);
        expect(withoutFstabLine(withIt, own.filesystem, '/srv/vm')).toBe(text);
      }),
    );
  });

  it('has a place that is taken, where another file system is to be mounted', () => {
    expect(fstabStanding('LABEL=old /srv/vm/ ext4 defaults', own.filesystem, '/srv/vm').is).toBe('taken');
    const changed = fstabLine(own.filesystem, '/srv/vm').replace('nofail,', '');
    expect(fstabStanding(changed, own.filesystem, '/srv/vm').is).toBe('changed');
  });
});
