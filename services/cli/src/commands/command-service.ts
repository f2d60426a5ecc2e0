import { contentTypes, type Problem } from '@fleetstream/contracts';
import { followEvents, type StreamEvent } from '../adapters/event-stream.ts';
import { type HttpRequest, sendHttpRequest } from '../adapters/http-request.ts';
import { failRefused } from '../cli-failure.ts';
import { type CliWorld } from '../command.ts';
import { type AddressFlags, type GatewayAddress, PlatformAccess } from '../platform-access.ts';
import { readAnswerBody } from '../read-answer-body.ts';

export interface ServiceRequest extends Pick<HttpRequest, 'method' | 'path'> {
  readonly headers?: HttpRequest['headers'];
  readonly body?: object;
}

export interface ServiceAnswer {
  /** As it came. */
  readonly text: string;
  readonly body: object;
}

/** The command service, behind the gateway and under the token for it. */
export interface CommandService {
  /** @throws CliFailure 1 with the service's problem, 3 when nothing answers */
  ask(request: ServiceRequest): Promise<ServiceAnswer>;
  /** Server-sent events after an id, until the stream ends or breaks. Never throws for that. */
  follow(path: string, lastId: string | undefined, signal: AbortSignal): AsyncIterable<StreamEvent>;
}

/** Looks for address and token only when something is asked: a command line that is wrong says so first. */
export function createCommandService(world: CliWorld, flags: AddressFlags): CommandService {
  let known: { readonly gateway: GatewayAddress; readonly authorization: string } | undefined;
  const look = () => {
    const access = new PlatformAccess(world);
    known ??= { gateway: access.findGateway(flags), authorization: `Bearer ${access.findCommandsToken()}` };
    return known;
  };
  return {
    follow: (path, lastId, signal) => {
      const { gateway, authorization } = look();
      const headers = { authorization, ...(lastId !== undefined && { 'last-event-id': lastId }) };
      return followEvents(gateway, { path, headers, signal });
    },
    ask: async ({ headers = {}, body, ...request }) => {
      const { gateway, authorization } = look();
      const answer = await sendHttpRequest(gateway, {
        ...request,
        headers: {
          ...headers,
          authorization,
          ...(body !== undefined && { 'content-type': contentTypes.json }),
        },
        ...(body !== undefined && { body: Buffer.from(JSON.stringify(body)) }),
      });
      const said = readAnswerBody(answer);
      if (answer.status < 300) return { text: answer.body.trim(), body: said };
      const { code, detail, title, hint } = said as Partial<Problem>;
      return failRefused(
        [`${answer.status} ${code ?? ''}: ${detail ?? title ?? ''}`, ...(hint ? [hint] : [])].join('\n'),
      );
    },
  };
}
