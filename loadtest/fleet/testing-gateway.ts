import { type EventResult } from '@fleetstream/contracts';
import { signatureHeaders, verifyContent } from '@fleetstream/signing';
import { type Gateway, type GatewayAnswer, type GatewayRequest } from './gateway.ts';

/** What the scripted gateway remembers of a request. */
export interface SeenRequest {
  readonly messageId: string | undefined;
  readonly ids: readonly string[];
  readonly body: string;
  readonly signed: boolean;
  readonly prefers: string | undefined;
}

/** What the script answers to the n-th request; `undefined` accepts what it didn't accept before. */
export type Script = (request: SeenRequest, n: number) => GatewayAnswer | undefined;

/** A gateway in memory that keeps the ingest contract unless its script says otherwise; for tests. */
export function createScriptedGateway(
  secret: Buffer,
  script: Script = () => undefined,
): Gateway & { readonly seen: SeenRequest[]; readonly accepted: ReadonlySet<string> } {
  const seen: SeenRequest[] = [];
  const accepted = new Set<string>();
  return {
    seen,
    accepted,
    post: (request) => {
      const one = toSeen(secret, request);
      seen.push(one);
      return Promise.resolve(script(one, seen.length) ?? acceptNew(one, accepted));
    },
    close: () => Promise.resolve(),
  };
}

export function toAnswer(status: number, body: unknown, retryAfter?: string): GatewayAnswer {
  return { kind: 'answer', status, retryAfter, body: JSON.stringify(body) };
}

export const lost: GatewayAnswer = { kind: 'lost', reason: 'reset by the script' };

function acceptNew({ ids }: SeenRequest, accepted: Set<string>): GatewayAnswer {
  const results = ids.map((id): EventResult => {
    const known = accepted.has(id);
    accepted.add(id);
    return { id, result: known ? 'duplicate' : 'accepted' };
  });
  return toAnswer(202, { results });
}

function toSeen(secret: Buffer, { headers, body }: GatewayRequest): SeenRequest {
  const id = headers[signatureHeaders.id] ?? '';
  const timestamp = headers[signatureHeaders.timestamp] ?? '';
  const events = JSON.parse(body.toString()) as { id: string }[];
  return {
    messageId: id,
    ids: events.map((event) => event.id),
    body: body.toString(),
    prefers: headers['prefer'],
    signed: verifyContent([secret], { id, timestamp, body }, headers[signatureHeaders.signature] ?? ''),
  };
}
