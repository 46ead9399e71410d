/** A server that speaks the HTTP API of Prometheus, version 1. */
export type PrometheusTarget = {
  /** With the path that it is served under, if any. */
  url: string;
  /** PEM text of the authorities that are trusted for it; the system's unless given. */
  ca?: string;
  /** Sent as a bearer token. */
  token?: string;
};

export type PrometheusOptions = {
  /** For one request; 15,000 unless given. Milliseconds. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

/** From when to when, by the server's clock, and how far from one evaluation to the next. Milliseconds. */
export type MetricWindow = { fromMs: number; toMs: number; stepMs: number };

/** Of one series: when it was evaluated, and to what. NaN and infinities are values, too. */
export type MetricPoint = readonly [atMs: number, value: number];

export type MetricSeries = { labels: Readonly<Record<string, string>>; points: readonly MetricPoint[] };

export type MetricAnswer = {
  series: readonly MetricSeries[];
  /** What the server says of an answer that is not whole, such as that a store did not answer. */
  warnings: readonly string[];
};

export type Prometheus = {
  /** The server's own clock. Milliseconds since 1970. @throws PROMETHEUS_… */
  now: () => Promise<number>;
  /** A query, evaluated at each step of a window; a single time is a window of no length. @throws PROMETHEUS_… */
  evaluate: (query: string, window: MetricWindow) => Promise<MetricAnswer>;
};
