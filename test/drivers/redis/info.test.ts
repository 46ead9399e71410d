import { describe, expect, test } from 'vitest';
import { parseReplication } from '../../../src/drivers/redis/info.ts';

const endpoint = { host: 'h', port: 6379 };

const primary = `# Replication
role:master
connected_slaves:2
slave0:ip=10.0.0.2,port=6379,state=online,offset=620,lag=0
slave1:ip=10.0.0.3,port=6380,state=wait_bgsave,offset=0,lag=1
master_failover_state:no-failover
master_replid:7909719cc142c4d5ff62a847ba1e1f7880b4400c
master_replid2:0000000000000000000000000000000000000000
master_repl_offset:634
second_repl_offset:-1
repl_backlog_active:1
repl_backlog_size:1048576`.replaceAll('\n', '\r\n');

const replica = `role:slave
master_host:10.0.0.1
master_port:6379
master_link_status:down
master_last_io_seconds_ago:-1
master_sync_in_progress:1
slave_read_repl_offset:640
slave_repl_offset:620
slave_priority:100
connected_slaves:0
master_failover_state:no-failover
master_replid:7909719cc142c4d5ff62a847ba1e1f7880b4400c
master_replid2:0000000000000000000000000000000000000000
master_repl_offset:620
repl_backlog_active:0
repl_backlog_size:1048576`;

describe('INFO replication', () => {
  test('of a primary gives what it wrote and its replicas', () => {
    expect(parseReplication(primary, endpoint)).toMatchObject({
      role: 'primary',
      offset: 634,
      backlogBytes: 1_048_576,
      failoverState: 'no-failover',
      replicas: [
        { host: '10.0.0.2', port: 6379, online: true, ackedOffset: 620, ackedSecondsAgo: 0 },
        { host: '10.0.0.3', port: 6380, online: false, ackedOffset: 0, ackedSecondsAgo: 1 },
      ],
    });
  });

  test('of a replica whose clock was set back gives no age of its broken link', () => {
    const since = (seconds: number) =>
      parseReplication(`${replica}\r\nmaster_link_down_since_seconds:${seconds}`, endpoint);
    expect(since(12)).toMatchObject({ linkDownSeconds: 12 });
    expect(since(-1)).not.toHaveProperty('clockStepped');
    expect(since(-290)).toMatchObject({ clockStepped: true });
    expect(since(-290)).not.toHaveProperty('linkDownSeconds');
  });

  test('of a replica gives what it applied, not what it has only read', () => {
    const seen = parseReplication(replica, endpoint);
    expect(seen).toMatchObject({ role: 'replica', offset: 620, linkUp: false, syncInProgress: true, priority: 100 });
    expect(seen.follows).toEqual({ host: '10.0.0.1', port: 6379 });
    expect(seen).not.toHaveProperty('lastIoSeconds');
  });

  test.each([
    ['no role', ''],
    ['a role of its own', primary.replace('role:master', 'role:sentinel')],
    ['no offset', primary.replace('master_repl_offset:634', '')],
    ['an offset that is none', primary.replace('master_repl_offset:634', 'master_repl_offset:many')],
    ['a replica line that is broken', primary.replace('port=6380,', '')],
    ['an unknown failover state', primary.replace('no-failover', 'maybe')],
  ])('with %s is not believed', (_, text) => {
    expect(() => parseReplication(text, endpoint)).toThrowError(
      expect.objectContaining({ code: 'REDIS_UNEXPECTED_ANSWER' }),
    );
  });
});
