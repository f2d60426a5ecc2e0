import { createHash } from 'node:crypto';
import { type RobotEnrolledData, topics, toRobotSource } from '@fleetstream/contracts';
import { type AppendRecord, type LogProducer } from '@fleetstream/kafka';
import { AppError } from '@fleetstream/kernel';

const robotsPerPage = 1000;
const pagesMax = 1000;

interface PlatformRobot extends RobotEnrolledData {
  readonly id: string;
}

/**
 * Tells the log of every robot that the Robot Platform lists: one `fleet.robot-enrolled.v1` each. The event's id is
 * made of its data, so enrolling an unchanged robot again is a duplicate that the fold drops.
 *
 * @returns how many robots there are
 */
export async function enrollRobots(platformUrl: string, producer: LogProducer): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { robots, nextCursor } = await fetchPage(platformUrl, cursor);
    await producer.append(robots.map(toEnrolledRecord));
    count += robots.length;
    if (nextCursor === undefined) return count;
    cursor = nextCursor;
  }
  throw new AppError('FS_INTERNAL', `The Robot Platform's list of robots did not end after ${pagesMax} pages.`);
}

/** The record that enrols one robot. */
export function toEnrolledRecord({ id: robotId, ...known }: PlatformRobot): AppendRecord {
  const { name, fleet, site, model } = known;
  const data = Object.fromEntries(
    Object.entries({ name, fleet, site, model }).filter(([, value]) => value !== undefined),
  );
  const hash = createHash('sha256').update(JSON.stringify(data)).digest('hex').slice(0, 16);
  return {
    topic: topics.events,
    key: robotId,
    value: JSON.stringify({
      specversion: '1.0',
      id: `enrolled-${robotId}-${hash}`,
      source: toRobotSource(robotId),
      type: 'fleet.robot-enrolled.v1',
      data,
    }),
  };
}

async function fetchPage(
  platformUrl: string,
  cursor: string | undefined,
): Promise<{ robots: readonly PlatformRobot[]; nextCursor?: string }> {
  const url = new URL('/robots', platformUrl);
  url.searchParams.set('limit', String(robotsPerPage));
  if (cursor !== undefined) url.searchParams.set('cursor', cursor);
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok)
    throw new AppError('FS_INTERNAL', `The Robot Platform answered ${response.status} to ${url.pathname}.`);
  return (await response.json()) as Awaited<ReturnType<typeof fetchPage>>;
}
