import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LocalLayout } from '../local-layout.ts';
import { type LocalPorts } from '../ports.ts';
import { startEnvoy } from '../start-envoy.ts';
import { startKafkaBroker } from '../start-kafka-broker.ts';
import { startPrometheus } from '../start-prometheus.ts';
import { startRedis } from '../start-redis.ts';
import { type ClientCertOptions } from '../start-options.ts';
import { type PartSpec } from '../supervision/supervisor.ts';
import { toGatewayConfig } from './gateway-config.ts';
import { type LocalSecrets, toPlatformToken } from './local-secrets.ts';
import { startNodeService } from './node-service.ts';
import { toPrometheusConfig } from './prometheus-config.ts';
import {
  toCommandsEnvironment,
  toInsightsEnvironment,
  toProcessorEnvironment,
  toWebhookEnvironment,
} from './service-environments.ts';
import { ensureCertificate } from './tls-certificate.ts';

export interface PartsContext {
  readonly layout: LocalLayout;
  readonly secrets: LocalSecrets;
  /** Of the checkout that is run. */
  readonly root: string;
  readonly nodeFile: string;
  /** What programs inherit: PATH, HOME and the like. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly webhooks: number;
  readonly processors: number;
  readonly prometheus: boolean;
  readonly clientCerts?: ClientCertOptions | undefined;
}

/** Everything that `npm start` keeps running, by kind; nothing is started yet. */
export interface Parts {
  readonly kafka: PartSpec;
  readonly redis: PartSpec;
  readonly platform: PartSpec;
  readonly gateway: PartSpec;
  readonly webhooks: readonly PartSpec[];
  readonly processors: readonly PartSpec[];
  readonly insights: PartSpec;
  readonly commands: PartSpec;
  readonly prometheus: PartSpec | undefined;
}

export function createParts(context: PartsContext): Parts {
  return {
    kafka: createKafkaPart(context),
    redis: createRedisPart(context),
    platform: createPlatformPart(context),
    gateway: createGatewayPart(context),
    webhooks: Array.from({ length: context.webhooks }, (_, index) => createWebhookPart(context, index)),
    processors: Array.from({ length: context.processors }, (_, index) => createProcessorPart(context, index)),
    insights: createInsightsPart(context),
    commands: createCommandsPart(context),
    prometheus: context.prometheus ? createPrometheusPart(context) : undefined,
  };
}

/** The address of each port that a run needs, for the check that they are free. */
export function listPorts(
  ports: LocalPorts,
  { webhooks, processors, prometheus }: Pick<PartsContext, 'webhooks' | 'processors' | 'prometheus'>,
): Map<number, string> {
  return new Map<number, string>([
    [ports.insightsFirst, 'insights'],
    [ports.commandsFirst, 'the command service'],
    ...(prometheus ? [[ports.prometheus, 'Prometheus'] as const] : []),
    [ports.kafka, 'Kafka'],
    [ports.kafkaController, "Kafka's controller"],
    [ports.redis, 'Redis'],
    [ports.gateway, 'the gateway'],
    [ports.gatewayAdmin, "the gateway's admin interface"],
    [ports.platform, 'the Robot Platform stand-in'],
    ...Array.from({ length: webhooks }, (_, i) => [ports.webhookFirst + i, `webhook pod ${i + 1}`] as const),
    ...Array.from({ length: processors }, (_, i) => [ports.processorFirst + i, `processor ${i + 1}`] as const),
  ]);
}

/** Logs are begun anew with each run and go on through the restarts within it. */
function once(): () => boolean {
  let first = true;
  return () => {
    const wasFirst = first;
    first = false;
    return !wasFirst;
  };
}

function createKafkaPart({ layout }: PartsContext): PartSpec {
  const appendLog = once();
  return {
    name: 'kafka',
    kind: 'kafka',
    start: (onSpawned) =>
      startKafkaBroker({
        dataDir: layout.kafkaDir,
        port: layout.ports.kafka,
        controllerPort: layout.ports.kafkaController,
        logFile: layout.logFile('kafka'),
        heapMb: 768,
        detached: true,
        appendLog: appendLog(),
        onSpawned,
      }),
  };
}

function createRedisPart({ layout }: PartsContext): PartSpec {
  const appendLog = once();
  return {
    name: 'redis',
    kind: 'redis',
    start: (onSpawned) =>
      startRedis({
        dataDir: layout.redisDir,
        port: layout.ports.redis,
        logFile: layout.logFile('redis'),
        detached: true,
        appendLog: appendLog(),
        onSpawned,
      }),
  };
}

function createGatewayPart({ layout, webhooks, processors, clientCerts }: PartsContext): PartSpec {
  const appendLog = once();
  return {
    name: 'gateway',
    kind: 'gateway',
    start: async (onSpawned) => {
      const tls = await ensureCertificate(layout.tlsDir, Date.now());
      mkdirSync(dirname(layout.envoyConfigFile), { recursive: true });
      writeFileSync(layout.envoyConfigFile, toGatewayConfig({ layout, tls, webhooks, processors, clientCerts }));
      return await startEnvoy({
        configFile: layout.envoyConfigFile,
        adminPort: layout.ports.gatewayAdmin,
        address: layout.gatewayUrl,
        logFile: layout.logFile('gateway'),
        detached: true,
        appendLog: appendLog(),
        onSpawned,
      });
    },
  };
}

function createPlatformPart({ layout, secrets, root, nodeFile, environment }: PartsContext): PartSpec {
  const appendLog = once();
  const address = layout.platformUrl;
  return {
    name: 'platform',
    kind: 'platform',
    start: (onSpawned) =>
      startNodeService({
        name: 'platform',
        nodeFile,
        mainFile: join(root, 'loadtest/platform/main.ts'),
        args: ['--port', String(layout.ports.platform), '--state', layout.platformFile],
        environment: { ...environment, PLATFORM_TOKEN: toPlatformToken(secrets) },
        readyUrl: `${address}/healthz`,
        address,
        logFile: layout.logFile('platform'),
        appendLog: appendLog(),
        onSpawned,
      }),
  };
}

function createInsightsPart({ layout, root, nodeFile, environment }: PartsContext): PartSpec {
  const appendLog = once();
  const address = `http://127.0.0.1:${layout.ports.insightsFirst}`;
  return {
    name: 'insights',
    kind: 'insights',
    start: (onSpawned) =>
      startNodeService({
        name: 'insights',
        nodeFile,
        mainFile: join(root, 'services/insights/src/main.ts'),
        environment: { ...environment, ...toInsightsEnvironment(layout) },
        readyUrl: `${address}/readyz`,
        address,
        logFile: layout.logFile('insights'),
        appendLog: appendLog(),
        onSpawned,
      }),
  };
}

function createCommandsPart({ layout, secrets, root, nodeFile, environment }: PartsContext): PartSpec {
  const appendLog = once();
  const address = layout.commandsUrl;
  return {
    name: 'commands',
    kind: 'commands',
    start: (onSpawned) =>
      startNodeService({
        name: 'commands',
        nodeFile,
        mainFile: join(root, 'services/commands/src/main.ts'),
        environment: { ...environment, ...toCommandsEnvironment({ layout, secrets }) },
        readyUrl: `${address}/readyz`,
        address,
        logFile: layout.logFile('commands'),
        appendLog: appendLog(),
        onSpawned,
      }),
  };
}

function createPrometheusPart(context: PartsContext): PartSpec {
  const { layout, root } = context;
  const appendLog = once();
  const configFile = join(layout.prometheusDir, 'prometheus.json');
  return {
    name: 'prometheus',
    kind: 'prometheus',
    start: (onSpawned) => {
      mkdirSync(layout.prometheusDir, { recursive: true });
      writeFileSync(configFile, toPrometheusConfig(layout.ports, context, join(root, 'deploy/prometheus/rules')));
      return startPrometheus({
        configFile,
        dataDir: join(layout.prometheusDir, 'data'),
        port: layout.ports.prometheus,
        logFile: layout.logFile('prometheus'),
        detached: true,
        appendLog: appendLog(),
        onSpawned,
      });
    },
  };
}

function createWebhookPart(context: PartsContext, index: number): PartSpec {
  const { layout, secrets, root, nodeFile, environment, clientCerts } = context;
  const appendLog = once();
  const name = `webhook-${index + 1}`;
  const port = layout.ports.webhookFirst + index;
  return {
    name,
    kind: 'webhook',
    start: (onSpawned) =>
      startNodeService({
        name,
        nodeFile,
        mainFile: join(root, 'services/webhook/src/main.ts'),
        environment: { ...environment, ...toWebhookEnvironment({ layout, port, secrets, clientCerts }) },
        readyUrl: `http://127.0.0.1:${port}/readyz`,
        address: `http://127.0.0.1:${port}`,
        logFile: layout.logFile(name),
        appendLog: appendLog(),
        onSpawned,
      }),
  };
}

function createProcessorPart(context: PartsContext, index: number): PartSpec {
  const { layout, secrets, root, nodeFile, environment, processors } = context;
  const appendLog = once();
  const name = `processor-${index + 1}`;
  const address = layout.processorUrl(index);
  return {
    name,
    kind: 'processor',
    start: (onSpawned) =>
      startNodeService({
        name,
        nodeFile,
        mainFile: join(root, 'services/processor/src/main.ts'),
        environment: {
          ...environment,
          ...toProcessorEnvironment({ layout, index, secrets, processors }),
        },
        readyUrl: `${address}/readyz`,
        address,
        logFile: layout.logFile(name),
        appendLog: appendLog(),
        onSpawned,
      }),
  };
}
