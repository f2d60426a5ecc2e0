import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type GatewayAddress } from '../platform-access.ts';

export interface StreamRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** A server-sent event that carries something, or says where the stream is. */
export interface StreamEvent {
  /** Where to go on from. */
  readonly id: string | undefined;
  readonly data: string | undefined;
}

/** The service beats every 15 s; what is silent for so long is broken. */
const silenceMsMax = 45_000;
/** Of one event that has not ended yet. */
const waitingCharsMax = 1024 * 1024;

/** The events of a stream until it ends, breaks, or turns out to be none. Never throws: whoever follows asks again. */
export async function* followEvents(
  gateway: GatewayAddress,
  request: StreamRequest,
): AsyncGenerator<StreamEvent, void, undefined> {
  const answer = await open(gateway, request);
  if (answer === undefined) return;
  let waiting = '';
  try {
    for await (const chunk of answer as AsyncIterable<string>) {
      const events = (waiting + chunk).split('\n\n');
      waiting = events.pop() ?? '';
      for (const event of events) {
        const read = readEvent(event);
        if (read !== undefined) yield read;
      }
      if (waiting.length > waitingCharsMax) return;
    }
  } catch {
    // It broke: what was missed is asked for by the last id.
  } finally {
    answer.destroy();
  }
}

function open(gateway: GatewayAddress, request: StreamRequest): Promise<IncomingMessage | undefined> {
  const url = new URL(request.path, gateway.url);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const { signal } = request;
  const headers = { ...request.headers, accept: 'text/event-stream' };
  return new Promise((resolve) => {
    const ca = gateway.ca === undefined ? {} : { ca: gateway.ca };
    const outgoing = send(url, { headers, signal, timeout: silenceMsMax, ...ca }, (answer) => {
      const isStream = answer.headers['content-type']?.startsWith('text/event-stream') === true;
      if (answer.statusCode === 200 && isStream) resolve(answer.setEncoding('utf8'));
      else {
        answer.destroy();
        resolve(undefined);
      }
    });
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.on('error', () => {
      resolve(undefined);
    });
    outgoing.end();
  });
}

/** `undefined` for a heartbeat. */
function readEvent(text: string): StreamEvent | undefined {
  const valueOf = (name: string) =>
    text
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const [id, data] = [valueOf('id'), valueOf('data')];
  return id === undefined && data === undefined ? undefined : { id, data };
}
