import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface SeenRequest {
  /** Method, path and query. */
  readonly request: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface GatewayAnswer {
  readonly status: number;
  /** As it is when it is a text, else as JSON. */
  readonly body: unknown;
}

/** Stands in for the gateway in tests of commands: answers what it was told, and keeps what it was asked. */
export interface TestingGateway {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** What is answered from now on, one after the other; the last goes on. */
  say(...answers: readonly GatewayAnswer[]): void;
  /** What each stream that is opened from now on says before it is cut off; then there is none. */
  stream(...texts: readonly string[]): void;
  stop(): Promise<void>;
}

export async function startTestingGateway(): Promise<TestingGateway> {
  const seen: SeenRequest[] = [];
  let answers: GatewayAnswer[] = [];
  let streams: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { method = '', url = '', headers } = request;
      seen.push({ request: `${method} ${url}`, path: url, headers, body });
      if (headers.accept === 'text/event-stream') {
        const said = streams.shift();
        if (said === undefined) response.writeHead(404).end();
        else response.writeHead(200, { 'content-type': 'text/event-stream' }).write(said, () => response.destroy());
        return;
      }
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500, body: {} };
      const answered = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answered);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    say: (...given) => {
      answers = [...given];
    },
    stream: (...texts) => {
      streams = [...texts];
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
