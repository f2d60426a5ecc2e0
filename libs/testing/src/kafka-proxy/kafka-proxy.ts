import { createServer, type Server } from 'node:net';
import {
  type HeldRequest,
  type KafkaRule,
  type ProxiedConnection,
  startProxiedConnection,
} from './proxied-connection.ts';
import { type KafkaRequest } from './kafka-request.ts';

/**
 * A TCP proxy in front of one broker that knows the header of every request, so that a fault can be aimed at one of
 * them. Answers that name the broker's address are rewritten, so that a client that starts here stays here.
 */
export interface KafkaProxy {
  /** `host:port` for clients. */
  readonly address: string;
  /**
   * From now on asks `rule` about every request; the first of several rules that doesn't say `pass` decides.
   *
   * @returns takes the rule away; what it held stays held
   */
  addRule(rule: KafkaRule): () => void;
  /** Holds the next request that matches, and only that one. */
  holdNext(matches: (request: KafkaRequest) => boolean): Promise<HeldRequest>;
  /** What is held now, oldest first. */
  held(): readonly HeldRequest[];
  /** How many requests with this key a client sent, decided whatever way. */
  requests(apiKey: number): number;
  /** Cuts every client off; requests that are held stay so, and can still be released to the broker. */
  cutAll(): void;
  stop(): Promise<void>;
}

export interface KafkaProxyOptions {
  /** `host:port` of the broker, exactly as it advertises itself. */
  readonly broker: string;
  /** A free one when left out. */
  readonly port?: number;
}

export async function startKafkaProxy({ broker, port = 0 }: KafkaProxyOptions): Promise<KafkaProxy> {
  const [brokerHost = '', brokerPort = ''] = broker.split(':');
  const target = { host: brokerHost, port: Number(brokerPort) };
  const rules = new Set<KafkaRule>();
  const connections = new Set<ProxiedConnection>();
  const held = new Set<HeldRequest>();
  const counts = new Map<number, number>();
  let count = 0;
  let ownPort = 0;

  const server = createServer({ noDelay: true }, (client) => {
    const connection = startProxiedConnection({
      client,
      target,
      ownPort,
      index: count++,
      decide: (request) => {
        counts.set(request.apiKey, (counts.get(request.apiKey) ?? 0) + 1);
        for (const rule of rules) {
          const verdict = rule(request);
          if (verdict !== 'pass') return verdict;
        }
        return 'pass';
      },
      onHeld: (request) => held.add(request),
      onUnheld: (request) => held.delete(request),
      onEnd: () => connections.delete(connection),
    });
    connections.add(connection);
  });
  ownPort = await listen(server, port);

  function addRule(rule: KafkaRule): () => void {
    rules.add(rule);
    return () => rules.delete(rule);
  }

  return {
    address: `${brokerHost}:${ownPort}`,
    addRule,
    holdNext: async (matches) =>
      await new Promise((resolve) => {
        const remove = addRule((request) => {
          if (!matches(request)) return 'pass';
          remove();
          return { hold: resolve };
        });
      }),
    held: () => [...held],
    requests: (apiKey) => counts.get(apiKey) ?? 0,
    cutAll: () => {
      for (const connection of connections) connection.cutClient();
    },
    stop: async () => {
      for (const connection of connections) connection.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The proxy has no port');
  return address.port;
}
