import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Component } from '@fleetstream/runtime';

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly handler: RequestListener;
  readonly drainDelayMs: number;
  /** Called when the stop begins: from then on `/readyz` says no, and nobody waits. */
  readonly onDrain: () => void;
}

export interface HttpServer extends Component {
  /** The port listened on; 0 before the start. */
  port(): number;
}

/** Each waiting robot is one, unless the gateway speaks HTTP/2. */
const maxConnections = 12_000;
const closeTimeoutMs = 10_000;

/** The service's HTTP server. It stops by sending waiting robots elsewhere first. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const server = createServer(
    {
      headersTimeout: 5000,
      // Of a request, not of its answer, which a waiting robot gets much later.
      requestTimeout: 10_000,
      // Longer than the gateway keeps idle connections (30 s): the one that closes must be the one that sends.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 1000,
    },
    options.handler,
  );
  server.maxConnections = maxConnections;
  return {
    name: 'http-server',
    port: () => (server.address() as AddressInfo | null)?.port ?? 0,
    start: async () => {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, resolve);
      });
      return async () => {
        options.onDrain();
        if (options.drainDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, options.drainDelayMs));
        const closed = new Promise<void>((resolve) => {
          server.close(() => {
            resolve();
          });
        });
        const late = setTimeout(() => {
          server.closeAllConnections();
        }, closeTimeoutMs);
        await closed;
        clearTimeout(late);
      };
    },
  };
}
