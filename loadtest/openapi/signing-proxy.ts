import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { deriveSignerSecret, signatureHeaders, signContent } from '@fleetstream/signing';

export interface SigningProxy {
  readonly url: string;
  close(): Promise<void>;
}

const path = /^\/v1\/(robots|fleets)\/([^/?]+)\//;

/**
 * Signs whatever passes as the sender in its path would, and changes nothing else: a tester of APIs can't sign.
 *
 * @param token of a person; with it a robot's own requests, which have no body, are signed over their path and query
 */
export async function startSigningProxy(podUrl: string, masterKey: Buffer, token?: string): Promise<SigningProxy> {
  const toHeaders = (target: string, body: Buffer): Record<string, string> =>
    token === undefined
      ? sign(target, masterKey, body)
      : { ...sign(target, masterKey, Buffer.from(target)), authorization: `Bearer ${token}` };
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      forward(podUrl, toHeaders, incoming, Buffer.concat(chunks), response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function forward(
  podUrl: string,
  toHeaders: (target: string, body: Buffer) => Record<string, string>,
  incoming: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): void {
  const { method, url: target = '/' } = incoming;
  const headers = { ...incoming.headers, ...toHeaders(target, body), 'content-length': String(body.length) };
  delete (headers as IncomingMessage['headers'])['transfer-encoding'];
  const outgoing = request(podUrl, { method, path: target, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  outgoing.on('error', () => response.writeHead(502).end());
  outgoing.end(body);
}

function sign(target: string, masterKey: Buffer, body: Buffer): Record<string, string> {
  const [, collection, segment = ''] = path.exec(target) ?? [];
  if (collection === undefined) return {};
  const kind = collection === 'fleets' ? 'fleet' : 'robot';
  const id = `msg_${randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1000));
  const secret = deriveSignerSecret(masterKey, kind, decode(segment), 1);
  return {
    [signatureHeaders.id]: id,
    [signatureHeaders.timestamp]: timestamp,
    [signatureHeaders.signature]: signContent(secret, { id, timestamp, body }),
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
