import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo } from 'node:net';
import { createIngestMemory } from '@fleetstream/cache';
import { loadConfig } from '@fleetstream/config';
import { topics } from '@fleetstream/contracts';
import { compileEventChecks } from '@fleetstream/contracts/compile-event-checks';
import { createKafkaClient, createLogProducer } from '@fleetstream/kafka';
import { silentLog } from '@fleetstream/kernel';
import express from 'express';
import { createSigningKeys } from '../../../services/webhook/src/adapters/signing-keys.ts';
import { createComponents } from '../../../services/webhook/src/app.ts';
import { type WebhookConfig, webhookConfig } from '../../../services/webhook/src/config.ts';
import { type BareParts, createBareHandler } from './bare-handler.ts';
import { isIngestVariant, type IngestVariant } from './ingest-variants.ts';

const [variant = ''] = process.argv.slice(2);
if (!isIngestVariant(variant)) throw new Error(`"${variant}" is no variant`);
const config = loadConfig(webhookConfig, process.env, { prefix: 'WEBHOOK_' });
const { port, stop } = await start(variant);
process.stdout.write(`listening ${port}\n`);
process.once('SIGTERM', () => {
  void stop().then(() => process.exit(0));
});

async function start(which: IngestVariant): Promise<{ port: number; stop: () => Promise<void> }> {
  switch (which) {
    case 'hot path':
      return await startProduct();
    case 'express path':
      return await startProduct((_events, rest) => rest);
    case 'bare node:http':
      return await startBare(createBareHandler);
    case 'bare express':
      return await startBare((parts) => {
        const app = express();
        app.disable('x-powered-by');
        app.post('/v1/robots/:robotId/events', createBareHandler(parts));
        return app;
      });
  }
}

async function startProduct(toListener?: Parameters<typeof createComponents>[2]) {
  const webhook = createComponents(config, silentLog, toListener);
  const stops: (() => Promise<void>)[] = [];
  for (const component of webhook.components) stops.unshift(await component.start());
  return {
    port: webhook.port(),
    stop: async () => {
      for (const stopOne of stops) await stopOne();
    },
  };
}

async function startBare(toListener: (parts: BareParts) => RequestListener) {
  const { memory, logProducer, ring } = createParts(config);
  const stops = [await logProducer.start(), await memory.start()];
  const server = createServer(
    { keepAliveTimeout: 65_000, requestTimeout: config.WEBHOOK_BODY_TIMEOUT_MS, connectionsCheckingInterval: 1000 },
    toListener({ memory, logProducer, keys: ring, checks: compileEventChecks() }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      server.closeAllConnections();
      for (const stopOne of stops) await stopOne();
    },
  };
}

/** The product's own, as it makes them. */
function createParts(from: WebhookConfig) {
  const logProducer = createLogProducer({
    kafka: createKafkaClient({ brokers: from.KAFKA_BROKERS, clientId: 'bench', log: silentLog }),
    ...{ log: silentLog, topics: [topics.events], lingerMs: from.WEBHOOK_LINGER_MS },
    timeoutMs: from.WEBHOOK_ACK_TIMEOUT_MS,
  });
  const bucket = { perSecond: from.WEBHOOK_ROBOT_EVENTS_PER_SECOND, burst: from.WEBHOOK_ROBOT_BURST_EVENTS };
  const timeoutMs = from.WEBHOOK_CACHE_TIMEOUT_MS;
  const memory = createIngestMemory({ url: from.REDIS_URL, log: silentLog, timeoutMs, robotBucket: bucket });
  const { ring } = createSigningKeys({
    ...{ masterKey: from.WEBHOOK_MASTER_KEY, keyVersions: from.WEBHOOK_KEY_VERSIONS, redisUrl: from.REDIS_URL },
    ...{ refreshMs: from.WEBHOOK_KEYS_REFRESH_MS, log: silentLog, nowMs: () => Date.now() },
  });
  return { logProducer, memory, ring };
}
