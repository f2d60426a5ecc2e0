import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { deriveRobotSecret, signatureHeaders, verifyContent } from '@fleetstream/signing';
import { type GivenCommand } from '../../fleet/commands/command-gateway.ts';
import { type RobotCharacter } from '../../fleet/commands/robot-character.ts';
import { createRandom, type Random } from '../../fleet/seeded-random.ts';
import { pickFrom } from './pick-from.ts';

/** A robot that has its commands pushed. */
export interface PushedRobot {
  readonly robotId: string;
  readonly character: RobotCharacter;
  readonly receive: (commands: readonly GivenCommand[]) => void;
}

/** The callbacks of all robots that have one, on one port of 127.0.0.1. */
export interface PushedRobots {
  urlOf(robotId: string): string;
  /** Begins to answer for these instead of those before. */
  play(robots: readonly PushedRobot[], seed: number): void;
  figures(): PushFigures;
  close(): Promise<void>;
}

export interface PushFigures {
  /** Pushes that a robot has taken, each time that it has. */
  readonly pushed: number;
  /** Pushes whose answer did not say so, or never came, although the robot has them or not. */
  readonly pushesTroubled: number;
  /** Pushes without a right signature of the robot's secret. */
  readonly pushesForged: number;
}

/**
 * What may come of a push, whatever the robot then does with its commands:
 *
 *   take          taken and answered
 *   take-late     taken; the answer lingers
 *   take-too-late taken; nobody waits for the answer any more
 *   take-twice    what is between has repeated it
 *   take-and-fail taken; the answer is a failure
 *   take-and-drop taken; the connection breaks
 *   drop          not taken; the connection breaks
 *   refuse        not taken, and so answered
 */
type Manner =
  'take' | 'take-late' | 'take-too-late' | 'take-twice' | 'take-and-fail' | 'take-and-drop' | 'drop' | 'refuse';

const mannersOf: Readonly<Record<RobotCharacter, readonly Manner[]>> = {
  honest: ['take', 'take', 'take', 'take-twice', 'refuse'],
  slow: ['take', 'take-late', 'take-too-late'],
  deaf: ['take', 'take-too-late', 'take-and-drop'],
  lying: ['take', 'take', 'refuse'],
  duplicating: ['take', 'take', 'take-and-fail', 'drop'],
  rebooting: ['take', 'take', 'drop', 'take-and-drop', 'refuse'],
};

export const pushTimeoutMs = 600;
const lateMs = 300;
const tooLateMs = 900;

export async function startPushedRobots(masterKey: Buffer): Promise<PushedRobots> {
  const counts = { pushed: 0, pushesTroubled: 0, pushesForged: 0 };
  let robots = new Map<string, { readonly robot: PushedRobot; readonly random: Random }>();
  const server = createServer((request, response) => {
    // A connection that breaks is one of the ways in which a push can end.
    void answer(request, response).catch(() => response.destroy());
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const robotId = decodeURIComponent((request.url ?? '').slice(1));
    const body = await buffer(request);
    if (!isSigned(masterKey, robotId, request, body)) {
      counts.pushesForged += 1;
      response.writeHead(401).end();
      return;
    }
    const found = robots.get(robotId);
    if (found === undefined) {
      // Of a round that is over: it listens to nothing any more.
      response.writeHead(204).end();
      return;
    }
    const { commands } = JSON.parse(body.toString()) as { readonly commands: readonly GivenCommand[] };
    const manner = pickFrom(mannersOf[found.robot.character], found.random);
    if (manner.startsWith('take')) {
      counts.pushed += 1;
      found.robot.receive(commands);
    }
    if (manner === 'take-twice') found.robot.receive(commands);
    if (!['take', 'take-late', 'take-twice'].includes(manner)) counts.pushesTroubled += 1;
    end(response, manner);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (robotId) => `http://127.0.0.1:${port}/${encodeURIComponent(robotId)}`,
    play: (next, seed) => {
      robots = new Map(
        next.map((robot) => [robot.robotId, { robot, random: createRandom(seed, `push/${robot.robotId}`) }]),
      );
    },
    figures: () => ({ ...counts }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

function end(response: ServerResponse, manner: Manner): void {
  switch (manner) {
    case 'take':
    case 'take-twice':
      response.writeHead(204).end();
      return;
    case 'take-late':
    case 'take-too-late':
      setTimeout(() => response.writeHead(204).end(), manner === 'take-late' ? lateMs : tooLateMs);
      return;
    case 'take-and-fail':
      response.writeHead(500).end();
      return;
    case 'take-and-drop':
    case 'drop':
      response.destroy();
      return;
    case 'refuse':
      response.writeHead(503, { 'retry-after': '0' }).end();
      return;
  }
}

function isSigned(masterKey: Buffer, robotId: string, { headers }: IncomingMessage, body: Buffer): boolean {
  const [id, timestamp, signature] = [signatureHeaders.id, signatureHeaders.timestamp, signatureHeaders.signature].map(
    (name) => String(headers[name] ?? ''),
  );
  const content = { id: id ?? '', timestamp: timestamp ?? '', body };
  return robotId !== '' && verifyContent([deriveRobotSecret(masterKey, robotId, 1)], content, signature ?? '');
}
