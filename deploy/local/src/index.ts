export { findFreePort } from './find-free-port.ts';
export { type LocalProcess, type ProcessExit } from './local-process.ts';
export { localPorts } from './ports.ts';
export { probeHttp, type EnvoyOptions, startEnvoy } from './start-envoy.ts';
export { type KafkaBrokerOptions, startKafkaBroker } from './start-kafka-broker.ts';
export { type RedisOptions, startRedis } from './start-redis.ts';
