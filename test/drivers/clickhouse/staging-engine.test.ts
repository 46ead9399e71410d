import { describe, expect, test } from 'vitest';
import { fetchCapSetting, stagingEngine } from '../../../src/drivers/clickhouse/staging-engine.ts';

const of = (rest: string, cap?: number): string =>
  stagingEngine(`ReplicatedMergeTree('/t/01/e', '{replica}'${rest}`, '/t/02/e__mv', cap).text;

describe('the engine of a staging table', () => {
  test.each([
    [') ORDER BY n', `) ORDER BY n SETTINGS ${fetchCapSetting} = 5`],
    [
      ") ORDER BY n SETTINGS index_granularity = 8192, storage_policy = 'hot'",
      `) ORDER BY n SETTINGS index_granularity = 8192, storage_policy = 'hot', ${fetchCapSetting} = 5`,
    ],
    // The table's own cap gives way to the platform file's.
    [
      `) ORDER BY n SETTINGS ${fetchCapSetting} = 7, index_granularity = 8192`,
      `) ORDER BY n SETTINGS index_granularity = 8192, ${fetchCapSetting} = 5`,
    ],
    [`) ORDER BY n SETTINGS ${fetchCapSetting} = 7`, `) ORDER BY n SETTINGS ${fetchCapSetting} = 5`],
    // A word in a literal is no clause.
    [") ORDER BY if(s = ' SETTINGS ', 1, 2)", `) ORDER BY if(s = ' SETTINGS ', 1, 2) SETTINGS ${fetchCapSetting} = 5`],
    [', version) ORDER BY n', `, version) ORDER BY n SETTINGS ${fetchCapSetting} = 5`],
  ])('has the cap among the settings of %s', (rest, expected) => {
    expect(of(rest, 5)).toBe(`ReplicatedMergeTree('/t/02/e__mv', '{replica}'${expected}`);
    expect(of(rest)).toBe(`ReplicatedMergeTree('/t/02/e__mv', '{replica}'${rest}`);
  });
});
