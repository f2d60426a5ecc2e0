import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Component } from '@fleetstream/runtime';
import { type EventsHandler } from './post-events.ts';

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly events: EventsHandler;
  /** Everything that `events` doesn't match. */
  readonly rest: RequestListener;
  readonly maxBodyBytes: number;
  readonly bodyTimeoutMs: number;
  readonly drainDelayMs: number;
  /** Called when the stop begins: from then on `/readyz` says no and answers end their connections. */
  readonly onDrain: () => void;
}

export interface HttpServer extends Component {
  /** The port listened on; 0 before the start. */
  port(): number;
}

/** Connections at once; the kernel's queue takes what comes beyond, and the gateway's connect time-out ends it. */
const maxConnections = 10_000;

/** What connections that are busy when the server closes are given to end. */
const closeTimeoutMs = 15_000;

/** The pod's HTTP server, with a stop that loses no request. */
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

function createConfiguredServer({ events, rest, maxBodyBytes, bodyTimeoutMs }: HttpServerOptions): Server {
  // The hot path goes ahead of Express: its router costs several times what a bare handler does.
  const dispatch: RequestListener = (request, response) => {
    if (events.matches(request)) events.handle(request, response);
    else rest(request, response);
  };
  const server = createServer(
    {
      // Node's own limits (60 s and 300 s) let few senders hold many connections. The body has its own, sharper one.
      headersTimeout: 5000,
      requestTimeout: bodyTimeoutMs + 5000,
      // Longer than the gateway keeps idle connections to pods (30 s): the one that closes must be the one that sends.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 1000,
    },
    dispatch,
  );
  server.maxConnections = maxConnections;
  server.on('checkContinue', (request, response) => {
    // A body that is refused by its announcement need not be sent at all.
    if (Number(request.headers['content-length'] ?? 0) <= maxBodyBytes) response.writeContinue();
    dispatch(request, response);
  });
  return server;
}

/**
 * Still listens for a while, so that whoever sends here learns from `/readyz` and from `connection: close` to go
 * elsewhere; then accepts nothing new and waits for what is being worked on, also where the sender has hung up.
 */
async function drain(server: Server, { drainDelayMs, onDrain, events }: HttpServerOptions): Promise<void> {
  onDrain();
  if (drainDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, drainDelayMs));
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
  await events.idle();
}
