import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Component } from '@fleetstream/runtime';

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly handler: RequestListener;
}

/** Operators, probes and other instances; no robots. Node's own limits are minutes long. */
const headersTimeoutMs = 5000;
const requestTimeoutMs = 10_000;
const maxConnections = 1000;
const closeTimeoutMs = 5000;

export function createHttpServer(options: HttpServerOptions): Component & { port(): number } {
  let server: Server | undefined;
  return {
    name: 'http-server',
    port: () => (server?.address() as AddressInfo | null | undefined)?.port ?? 0,
    start: async () => {
      const started = createServer(
        { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs },
        options.handler,
      );
      started.maxConnections = maxConnections;
      server = started;
      await new Promise<void>((resolve, reject) => {
        started.once('error', reject);
        started.listen(options.port, options.host, resolve);
      });
      return () => close(started);
    },
  };
}

async function close(server: Server): Promise<void> {
  const late = setTimeout(() => {
    server.closeAllConnections();
  }, closeTimeoutMs);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
    server.closeIdleConnections();
  });
  clearTimeout(late);
}
