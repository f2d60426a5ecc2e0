import { type CommandExecutor } from './command-executor.ts';
import { type CommandGateway } from './command-gateway.ts';

/** A robot that asks for its commands. */
export interface PollingRobot {
  readonly robotId: string;
  readonly executor: CommandExecutor;
  /** False in a network hole. */
  readonly online: () => boolean;
}

export interface PollOptions {
  readonly robots: readonly PollingRobot[];
  readonly gateway: CommandGateway;
  /** Robots that ask at once, at most. */
  readonly pollsMax: number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Polls that came to nothing. */
  readonly onFailure: () => void;
  readonly signal: AbortSignal;
}

const waitSecondsMax = 20;
/** With more robots than may ask at once, each is asked for about this often. */
const roundSeconds = 10;
const retryMs = 1000;

/**
 * Robots ask for their commands until the signal is aborted. As many wait at once as there are connections; when there
 * are more robots, they take turns, and each waits shorter.
 */
export async function pollRobots(options: PollOptions): Promise<void> {
  const { robots, pollsMax, signal } = options;
  const workers = Math.min(robots.length, pollsMax);
  const waitSeconds =
    robots.length <= pollsMax ? waitSecondsMax : Math.floor((roundSeconds * pollsMax) / robots.length);
  const turns = [...robots];
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      const robot = turns.shift();
      if (robot === undefined) return;
      await pollOnce(options, robot, waitSeconds);
      turns.push(robot);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

export async function pollOnce(
  options: Pick<PollOptions, 'gateway' | 'sleep' | 'signal' | 'onFailure'>,
  robot: PollingRobot,
  waitSeconds: number,
): Promise<void> {
  const { gateway, sleep, signal } = options;
  const commands = robot.online() ? await gateway.poll(robot.robotId, waitSeconds, signal) : [];
  // What is answered to a robot in a network hole doesn't reach it; it will be handed over again.
  if (!robot.online()) {
    await sleep(retryMs, signal);
    return;
  }
  if (commands !== undefined) robot.executor.receive(commands);
  else if (!signal.aborted) {
    options.onFailure();
    await sleep(retryMs, signal);
  }
}
