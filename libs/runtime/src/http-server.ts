import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Component } from './component.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly handler: RequestListener;
  /** Connections at once; the kernel's queue takes what comes beyond. */
  readonly maxConnections: number;
  /** For a whole request to arrive, in milliseconds; the answer may take longer. Node's own 300 s let few senders hold many connections. */
  readonly requestTimeoutMs: number;
  /** How long idle connections are kept. Behind a gateway longer than it keeps them: the one that closes must be the one that sends. */
  readonly keepAliveTimeoutMs?: number;
  /** Bodies announced larger with `expect: 100-continue` are not asked for; the handler refuses them by their announcement. */
  readonly continueBytesMax?: number;
  /** Called when the stop begins: from then on `/readyz` should say no. */
  readonly onDrain?: () => void;
  /** How long the server listens on after that, so that senders learn to go elsewhere. */
  readonly drainDelayMs?: number;
  /** What busy connections are given to end, in milliseconds. */
  readonly closeTimeoutMs: number;
  /** Work that goes on when its connection has ended; awaited last. */
  readonly idle?: () => Promise<void>;
}

export interface HttpServer extends Component {
  /** The port listened on; 0 before the start. */
  port(): number;
}

const headersTimeoutMsMax = 5000;
const keepAliveTimeoutMsDefault = 5000;

/** An HTTP/1.1 server with short limits and a stop that lets what is under way come to its end. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  let server: Server | undefined;
  return {
    name: 'http-server',
    port: () => (server?.address() as AddressInfo | null | undefined)?.port ?? 0,
    start: async () => {
      const started = createConfiguredServer(options);
      server = started;
      await new Promise<void>((resolve, reject) => {
        started.once('error', reject);
        started.listen(options.port, options.host, resolve);
      });
      return () => drain(started, options);
    },
  };
}

function createConfiguredServer(options: HttpServerOptions): Server {
  const { handler, continueBytesMax } = options;
  const server = createServer(
    {
      headersTimeout: Math.min(headersTimeoutMsMax, options.requestTimeoutMs),
      requestTimeout: options.requestTimeoutMs,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? keepAliveTimeoutMsDefault,
      // Node looks for late connections every 30 s unless told otherwise, which would stretch the limits above.
      connectionsCheckingInterval: 1000,
    },
    handler,
  );
  server.maxConnections = options.maxConnections;
  if (continueBytesMax !== undefined) {
    server.on('checkContinue', (request, response) => {
      if (Number(request.headers['content-length'] ?? 0) <= continueBytesMax) response.writeContinue();
      handler(request, response);
    });
  }
  return server;
}

/** Listens on for a while, then accepts nothing new and waits for what is being worked on. */
async function drain(server: Server, options: HttpServerOptions): Promise<void> {
  const { drainDelayMs = 0 } = options;
  options.onDrain?.();
  if (drainDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, drainDelayMs));
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  const late = setTimeout(() => {
    server.closeAllConnections();
  }, options.closeTimeoutMs);
  await closed;
  clearTimeout(late);
  await options.idle?.();
}
