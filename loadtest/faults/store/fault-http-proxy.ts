import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

/** What the proxy does with a request instead of passing it on. */
export type HttpFault =
  | { readonly kind: 'none' }
  /** The connection is cut, before the server behind sees anything or after it has done what was asked. */
  | { readonly kind: 'cut'; readonly behindServer: boolean }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'delay'; readonly delayMs: number };

export interface FaultHttpProxy {
  readonly address: string;
  /** For every request from now on. */
  set(fault: HttpFault): void;
  /** Requests that met a fault. */
  faulted(): number;
  stop(): Promise<void>;
}

/** A plain HTTP proxy in front of one server. Headers go through untouched: requests are signed, their host included. */
export async function startFaultHttpProxy(target: string): Promise<FaultHttpProxy> {
  const { hostname, port } = new URL(target);
  let fault: HttpFault = { kind: 'none' };
  let faulted = 0;
  const pass = (incoming: IncomingMessage, answer: ServerResponse, cutAnswer: boolean) => {
    const { method, url, headers } = incoming;
    const onward = request({ hostname, port, method, path: url, headers }, (response) => {
      if (cutAnswer) {
        response.resume().once('end', () => incoming.socket.destroy());
        return;
      }
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    onward.on('error', () => incoming.socket.destroy());
    incoming.on('error', () => onward.destroy());
    incoming.pipe(onward);
  };
  const server = createServer((incoming, answer) => {
    if (fault.kind !== 'none') faulted += 1;
    switch (fault.kind) {
      case 'none':
        pass(incoming, answer, false);
        return;
      case 'cut':
        if (fault.behindServer) pass(incoming, answer, true);
        else incoming.socket.destroy();
        return;
      case 'status':
        incoming.resume();
        answer.writeHead(fault.status, { connection: 'close' }).end();
        return;
      case 'delay':
        setTimeout(pass, fault.delayMs, incoming, answer, false);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    set: (next) => {
      fault = next;
    },
    faulted: () => faulted,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
