import { AppError } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { createServer, type RequestListener } from 'node:http';

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly handler: RequestListener;
}

/** Limits for scrapers and probes; Node's own are minutes long. */
const headersTimeoutMs = 5000;
const requestTimeoutMs = 10_000;
const maxConnections = 64;

export function createHttpServer(options: HttpServerOptions): Component & { port(): number } {
  const server = createServer({ headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs }, options.handler);
  server.maxConnections = maxConnections;
  return {
    name: 'http-server',
    port: () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') return address.port;
      throw new AppError('FS_NOT_READY', 'The HTTP server does not listen');
    },
    start: async () => {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      return async () => {
        await new Promise<void>((resolve) => {
          server.close(() => {
            resolve();
          });
          server.closeAllConnections();
        });
      };
    },
  };
}
