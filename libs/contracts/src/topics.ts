/** The topics of the platform. Output topics have the partition count of `events`; see docs/topics.md. */
export const topics = {
  events: 'fleet.events',
  states: 'fleet.states',
  alerts: 'fleet.alerts',
  commands: 'fleet.commands',
  insights: 'fleet.insights',
  rollouts: 'fleet.rollouts',
  deadLetters: 'fleet.dlq',
} as const;

export interface TopicSpec {
  readonly name: string;
  readonly key: string;
  readonly what: string;
  /** Broker-side topic configuration. */
  readonly config: Readonly<Record<string, string>>;
}

const day = 86_400_000;

export const topicSpecs: readonly TopicSpec[] = [
  {
    name: topics.events,
    key: 'robotId',
    what: 'the log: robot and platform events, ticks',
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': String(7 * day),
      'message.timestamp.type': 'LogAppendTime',
    },
  },
  {
    name: topics.states,
    key: 'robotId',
    what: "a robot's state after a change that a reader cares about",
    // A reader that is at most a day behind sees every change; older ones are compacted to the newest.
    config: { 'cleanup.policy': 'compact', 'min.compaction.lag.ms': String(day) },
  },
  {
    name: topics.alerts,
    key: 'robotId',
    what: 'offline/online, error raised/cleared',
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(30 * day) },
  },
  {
    name: topics.commands,
    key: 'robotId',
    what: 'every transition of every command',
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(30 * day) },
  },
  {
    name: topics.insights,
    key: 'robotId',
    what: 'AI verdicts',
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(30 * day) },
  },
  {
    name: topics.rollouts,
    key: 'rolloutId',
    what: 'commands to many robots: the pinned list and every decision, in order',
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': String(30 * day),
      'message.timestamp.type': 'LogAppendTime',
    },
  },
  {
    name: topics.deadLetters,
    key: 'original key',
    what: 'poison records, untouched, with reason and origin in headers',
    // A poison record may be as large as the log takes, and its headers come on top.
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': String(30 * day),
      'max.message.bytes': String(2 * 1024 * 1024),
    },
  },
];
