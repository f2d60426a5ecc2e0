import { atLeast, type Check, exactly, type FleetReport, within } from '@fleetstream/loadtest';
import { type SessionOutcome } from './session-outcome.ts';

/** What a command and its answers may spend on their way through the platform; real time, which the pace multiplies. */
const commandSlackMs = 1000;

/** From here on the longest recorded silence is shorter than what makes a robot offline. */
const presenceSpeedMin = 5;

/** What must hold of a recorded session that was played from its start to its end. */
export function checkSession(session: SessionOutcome, { commands }: FleetReport): Check[] {
  const { content, speed } = session;
  const recordedMs = content.commandLatenciesMs;
  const medianMs = recordedMs[Math.floor(recordedMs.length / 2)] ?? 0;
  const slackMs = commandSlackMs * speed;
  return [
    ...[...content.agvStates].map(([robotId, recorded]) =>
      exactly(`session.agvStatesFolded.${robotId}`, session.agvStatesFolded.get(robotId) ?? 0, recorded),
    ),
    exactly('session.exactDuplicatesRecognised', session.duplicatesRecognised, content.exactDuplicateLines),
    exactly('session.collisionAlerts', session.collisionAlerts, content.collisionWarnings),
    // At its own pace the factory has silences of over a minute, and such a robot is offline by the rules.
    ...(speed < presenceSpeedMin
      ? []
      : [
          exactly('session.robotsOnline', session.robotsOnline, session.robotsPlayed),
          exactly('session.offlineAlerts', session.offlineAlerts, 0),
        ]),
    atLeast('session.largestEventBytes', session.largestEventBytes, content.largestPayloadBytes),
    exactly('session.commandsFinished', commands?.recordedFinished ?? 0, recordedMs.length),
    within('session.commandLatencyMsP50', commands?.recordedLatencyMsP50, medianMs, slackMs),
    within('session.commandLatencyMsMax', commands?.recordedLatencyMsMax, recordedMs.at(-1) ?? 0, slackMs),
  ];
}
