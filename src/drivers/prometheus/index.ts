export { connectPrometheus } from './connect.ts';
export type {
  MetricAnswer,
  MetricPoint,
  MetricSeries,
  MetricWindow,
  Prometheus,
  PrometheusOptions,
  PrometheusTarget,
} from './types.ts';
