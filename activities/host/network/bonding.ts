/** One card of a bond, as the kernel sees it. */
export type MemberState = { name: string; up: boolean; aggregator?: number };

/** A bond as /proc/net/bonding has it. */
export type BondState = {
  name: string;
  mode: string;
  miimonMs: number;
  lacpRate?: string;
  up: boolean;
  members: readonly MemberState[];
  /** Of 802.3ad: the aggregator in use, how many of its ports, and who is at the other end; zeros until a partner answers. */
  aggregator?: { id: number; ports: number; partner: string };
};

const modes: Readonly<Record<string, string>> = {
  'IEEE 802.3ad Dynamic link aggregation': '802.3ad',
  'fault-tolerance (active-backup)': 'active-backup',
};

/**
 * Linux, drivers/net/bonding/bond_procfs.c: the bond's own lines, then a paragraph that begins with "Slave Interface" for each
 * member. The file does not say the bond's own name. Pure.
 */
export function readBonding(text: string, name: string): BondState {
  const [own = '', ...paragraphs] = text.split(/^(?=Slave Interface: )/m);
  const of = (where: string, what: string): string | undefined =>
    new RegExp(`^\\s*${what}: (.*)$`, 'm').exec(where)?.[1]?.trim();
  const said = of(own, 'Bonding Mode') ?? '';
  // "(fail_over_mac active)" may follow.
  const mode = Object.entries(modes).find(([words]) => said.startsWith(words))?.[1] ?? said;
  const lacpRate = of(own, 'LACP rate');
  const [id, ports, partner] = [of(own, 'Aggregator ID'), of(own, 'Number of ports'), of(own, 'Partner Mac Address')];
  return {
    ...{ name, mode, miimonMs: Number(of(own, 'MII Polling Interval \\(ms\\)') ?? 0) },
    ...(lacpRate === undefined ? {} : { lacpRate }),
    up: of(own, 'MII Status') === 'up',
    members: paragraphs.map((paragraph) => {
      const aggregator = of(paragraph, 'Aggregator ID');
      return {
        name: of(paragraph, 'Slave Interface') ?? '',
        up: of(paragraph, 'MII Status') === 'up',
        ...(aggregator === undefined ? {} : { aggregator: Number(aggregator) }),
      };
    }),
    ...(id === undefined || partner === undefined
      ? {}
      : { aggregator: { id: Number(id), ports: Number(ports ?? 0), partner } }),
  };
}
