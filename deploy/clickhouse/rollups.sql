-- A series of billed samples and its roll-ups: raw → 5 minutes → 1 hour → 1 day. docs/clickhouse/tier.md explains.
--
-- Every view reads the raw table. A chain of views can't be written once: 18.16 goes on from the view's name, today's
-- servers from its target's, and what works on one feeds nothing on the other (tried on 18.16.1 and 26.7), an upgrade
-- included. It costs two more aggregations of each inserted block, and has this for it: an INSERT into a roll-up, made to
-- repair it, changes that level alone.
--
-- Run it on every server of the cluster, statement by statement; {shard} and {replica} are the servers' own macros. It runs
-- as it stands on ClickHouse 18.16 and on today's. Where the servers have a storage policy, add to each CREATE TABLE:
--   SETTINGS storage_policy = '<policy>'
-- On a single server without ZooKeeper: MergeTree instead of ReplicatedMergeTree(…), SummingMergeTree instead of
-- ReplicatedSummingMergeTree(…).
--
-- What is billed is counted in whole numbers of its smallest unit: sums of Float64 depend on the order of their rows, and
-- no roll-up could be proven equal. Signed, so that a correction may be negative. No TTL that deletes: it would delete
-- what Gantry refuses to expire. UTC, so that a day is the same day on every server.

CREATE DATABASE IF NOT EXISTS metrics;

CREATE TABLE IF NOT EXISTS metrics.samples
(
    time DateTime('UTC'),
    customer String,
    resource String,
    metric String,
    value Int64
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/metrics.samples', '{replica}')
PARTITION BY toYYYYMMDD(time)
ORDER BY (customer, resource, metric, time);

-- A row of a roll-up is unique by its sorting key once merged; `samples` is how many raw rows it stands for.
CREATE TABLE IF NOT EXISTS metrics.samples_m5
(
    time DateTime('UTC'),
    customer String,
    resource String,
    metric String,
    samples Int64,
    amount Int64,
    peak AggregateFunction(max, Int64)
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/metrics.samples_m5', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (customer, resource, metric, time);

CREATE TABLE IF NOT EXISTS metrics.samples_h1
(
    time DateTime('UTC'),
    customer String,
    resource String,
    metric String,
    samples Int64,
    amount Int64,
    peak AggregateFunction(max, Int64)
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/metrics.samples_h1', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (customer, resource, metric, time);

CREATE TABLE IF NOT EXISTS metrics.samples_d1
(
    time DateTime('UTC'),
    customer String,
    resource String,
    metric String,
    samples Int64,
    amount Int64,
    peak AggregateFunction(max, Int64)
)
ENGINE = ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/metrics.samples_d1', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (customer, resource, metric, time);

CREATE MATERIALIZED VIEW IF NOT EXISTS metrics.samples_to_m5 TO metrics.samples_m5 AS
SELECT
    toStartOfFiveMinute(time) AS time,
    customer,
    resource,
    metric,
    toInt64(count()) AS samples,
    sum(value) AS amount,
    maxState(value) AS peak
FROM metrics.samples
GROUP BY time, customer, resource, metric;

CREATE MATERIALIZED VIEW IF NOT EXISTS metrics.samples_to_h1 TO metrics.samples_h1 AS
SELECT
    toStartOfHour(time) AS time,
    customer,
    resource,
    metric,
    toInt64(count()) AS samples,
    sum(value) AS amount,
    maxState(value) AS peak
FROM metrics.samples
GROUP BY time, customer, resource, metric;

CREATE MATERIALIZED VIEW IF NOT EXISTS metrics.samples_to_d1 TO metrics.samples_d1 AS
SELECT
    toStartOfDay(time) AS time,
    customer,
    resource,
    metric,
    toInt64(count()) AS samples,
    sum(value) AS amount,
    maxState(value) AS peak
FROM metrics.samples
GROUP BY time, customer, resource, metric;
