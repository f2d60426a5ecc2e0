import { randomUUID } from 'node:crypto';
import { type RobotEnrolledData, topics } from '@fleetstream/contracts';
import { silentLog, toMessage } from '@fleetstream/kernel';
import { failUnreachable } from '../cli-failure.ts';

const connectTimeoutMs = 5000;

export interface EnrolmentPosition {
  readonly partition: number;
  readonly offset: number;
}

/**
 * Appends `fleet.robot-enrolled.v1` to the log.
 *
 * @throws CliFailure 3 when the log doesn't acknowledge; the record may be there all the same, and twice is harmless
 */
export async function appendEnrolment(
  brokers: readonly string[],
  robotId: string,
  data: RobotEnrolledData,
): Promise<EnrolmentPosition> {
  // Loaded only here: the other commands would wait for a Kafka client they don't use.
  const { createKafkaClient, createLogProducer } = await import('@fleetstream/kafka');
  const kafka = createKafkaClient({ brokers, clientId: 'fleetstream-cli', log: silentLog });
  const producer = createLogProducer({ kafka, log: silentLog, topics: [topics.events], timeoutMs: connectTimeoutMs });
  const stop = await producer.start();
  try {
    const value = JSON.stringify({
      specversion: '1.0',
      id: `enrol-${randomUUID()}`,
      source: '/fleet/cli',
      type: 'fleet.robot-enrolled.v1',
      time: new Date().toISOString(),
      data,
    });
    const [position] = await producer.append([{ topic: topics.events, key: robotId, value }]);
    if (position === undefined) throw new Error('no position was acknowledged');
    return position;
  } catch (thrown) {
    return failUnreachable(
      `The log at ${brokers.join(', ')} did not acknowledge: ${toMessage(thrown)} Does "npm start" run? --no-log leaves the log out.`,
    );
  } finally {
    await stop();
  }
}
