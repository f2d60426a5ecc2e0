import { type RobotClient } from '../robot-client.ts';
import { pollOnce, type PollingRobot, type PollOptions } from './poll-robots.ts';

export interface TalkingRobot extends PollingRobot {
  readonly client: Pick<RobotClient, 'askForCommands'>;
}

export interface AskOptions extends Omit<PollOptions, 'robots' | 'pollsMax'> {
  readonly robots: readonly TalkingRobot[];
  /** Commands that came in an answer to events. */
  readonly onCarried: (commands: number) => void;
}

/** A robot that hears nothing may have missed a word, or has nothing to say to which there were an answer. */
const silenceMs = 10_000;

/**
 * Robots that get their commands in the answers to their events, until the signal is aborted. They ask by themselves,
 * without waiting, only when an answer says that some are due, and now and then.
 */
export async function askWhenTold(options: AskOptions): Promise<void> {
  const { robots, sleep, signal, onCarried } = options;
  const ask = async (robot: TalkingRobot): Promise<void> => {
    let told = new AbortController();
    robot.client.askForCommands(({ commands, commandsDue }) => {
      if (signal.aborted) return;
      if (commands.length > 0) {
        onCarried(commands.length);
        robot.executor.receive(commands);
      }
      if (commandsDue) told.abort();
    });
    for (;;) {
      await sleep(silenceMs, AbortSignal.any([signal, told.signal]));
      if (signal.aborted) return;
      told = new AbortController();
      await pollOnce(options, robot, 0);
    }
  };
  await Promise.all(robots.map(ask));
}
