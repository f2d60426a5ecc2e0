import { deriveRobotSecret, signatureHeaders, signContent } from '@fleetstream/signing';

export interface SignedRequests {
  /** The next request, of robots in turn: canonical events with ids and sequences of their own. */
  next(): { readonly path: string; readonly body: Buffer; readonly headers: Readonly<Record<string, string>> };
}

export interface SignedRequestsOptions {
  readonly masterKey: Buffer;
  readonly robots: number;
  readonly eventsPerRequest: number;
  /** Goes into ids and boots, so that no run repeats another's events. */
  readonly run: string;
}

const data = JSON.stringify({
  metrics: {
    battery: { value: 71.5, unit: '%' },
    motor_temperature: { value: 45.2, unit: 'Cel' },
    motor_current: { value: 3.17, unit: 'A' },
  },
});

/** Makes requests fast enough that whoever sends them isn't what is measured. */
export function createSignedRequests(options: SignedRequestsOptions): SignedRequests {
  const robots = Array.from({ length: options.robots }, (_, index) => {
    const robotId = `bench-${String(index).padStart(4, '0')}`;
    return { robotId, secret: deriveRobotSecret(options.masterKey, robotId, 1), sequence: 0 };
  });
  const isBatch = options.eventsPerRequest > 1;
  let turn = 0;
  return {
    next: () => {
      const robot = robots[(turn += 1) % robots.length];
      if (robot === undefined) throw new RangeError('No robots');
      const { robotId, secret } = robot;
      const events: string[] = [];
      for (let index = 0; index < options.eventsPerRequest; index += 1) {
        const sequence = robot.sequence++;
        events.push(
          `{"specversion":"1.0","id":"${options.run}-${robotId}-${sequence}","source":"/robots/${robotId}",` +
            `"type":"robot.telemetry.v1","time":"2026-03-01T10:00:00Z","sequence":${sequence},` +
            `"bootid":"${options.run}","data":${data}}`,
        );
      }
      const body = Buffer.from(isBatch ? `[${events.join(',')}]` : (events[0] ?? ''));
      const id = `${options.run}-${turn}`;
      const timestamp = String(Math.floor(Date.now() / 1000));
      return {
        path: `/v1/robots/${robotId}/events`,
        body,
        headers: {
          'content-type': isBatch ? 'application/cloudevents-batch+json' : 'application/cloudevents+json',
          [signatureHeaders.id]: id,
          [signatureHeaders.timestamp]: timestamp,
          [signatureHeaders.signature]: signContent(secret, { id, timestamp, body }),
        },
      };
    },
  };
}
