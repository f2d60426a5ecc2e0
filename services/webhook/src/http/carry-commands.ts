import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { type EventResult } from '@fleetstream/contracts';

/** Asks the command service on behalf of a robot that has signed a request. */
export interface CommandsPort {
  /**
   * Members of an answer as JSON text, each with a comma before it; empty when the robot has nothing to do after all.
   * `undefined`: not now, the robot is to ask by itself. Never rejects.
   */
  fetch(robotId: string, accept: string | undefined): Promise<string | undefined>;
}

const preference = /(?:^|[\s,;])commands(?:$|[\s,;])/;
const dueText = ',"commandsDue":true';

/** Whether a robot would have its commands in the answer to its events: `Prefer: commands` (RFC 7240). */
export function asksCommands(headers: IncomingHttpHeaders): boolean {
  const { prefer } = headers;
  return prefer !== undefined && preference.test(String(prefer));
}

/**
 * What the answer to a robot with commands due says of them. A header is signed by nobody, and a recorded request may be
 * sent again: so they are only given to something new, of which the log had nothing before.
 */
export async function carryCommands(
  commands: CommandsPort | undefined,
  request: IncomingMessage,
  robotId: string,
  results: readonly EventResult[],
): Promise<string> {
  const isNew = results.some(({ result }) => result === 'accepted');
  // Who has hung up would lose what is handed over.
  if (commands === undefined || !isNew || request.socket.destroyed) return dueText;
  return (await commands.fetch(robotId, request.headers.accept)) ?? dueText;
}
