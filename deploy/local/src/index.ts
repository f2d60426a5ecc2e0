export { findFreePort } from './find-free-port.ts';
export { type LocalProcess, type ProcessExit } from './local-process.ts';
export { localPorts, maxPodsPerKind } from './ports.ts';
export { probeHttp, type EnvoyOptions, startEnvoy } from './start-envoy.ts';
export { type KafkaBrokerOptions, startKafkaBroker } from './start-kafka-broker.ts';
export { type RedisOptions, startRedis } from './start-redis.ts';
export { spawnLocalProcess } from './local-process.ts';
export { type K6Options, k6ThresholdsFailed, startK6 } from './start-k6.ts';
export { type PrometheusOptions, startPrometheus } from './start-prometheus.ts';
