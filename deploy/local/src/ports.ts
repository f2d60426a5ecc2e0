export interface LocalPorts {
  readonly kafka: number;
  readonly kafkaController: number;
  readonly redis: number;
  readonly gateway: number;
  readonly gatewayAdmin: number;
  readonly webhookFirst: number;
  readonly processorFirst: number;
  readonly insightsFirst: number;
  readonly commandsFirst: number;
  readonly platform: number;
  readonly prometheus: number;
}

/** Where the parts of `npm start` listen, all on 127.0.0.1. Pods, nine of a kind at most, count up from their first. */
export const localPorts: LocalPorts = {
  kafka: 19_092,
  kafkaController: 19_093,
  redis: 16_379,
  gateway: 18_443,
  gatewayAdmin: 19_901,
  webhookFirst: 18_081,
  processorFirst: 18_091,
  insightsFirst: 18_101,
  commandsFirst: 18_111,
  platform: 18_070,
  prometheus: 19_090,
};

/** Pods of one kind, at most: the next kind's ports begin ten further. */
export const maxPodsPerKind = 9;

/** The same ports further up, so that a second platform can run beside the first. */
export function shiftPorts(offset: number): LocalPorts {
  return {
    kafka: localPorts.kafka + offset,
    kafkaController: localPorts.kafkaController + offset,
    redis: localPorts.redis + offset,
    gateway: localPorts.gateway + offset,
    gatewayAdmin: localPorts.gatewayAdmin + offset,
    webhookFirst: localPorts.webhookFirst + offset,
    processorFirst: localPorts.processorFirst + offset,
    insightsFirst: localPorts.insightsFirst + offset,
    commandsFirst: localPorts.commandsFirst + offset,
    platform: localPorts.platform + offset,
    prometheus: localPorts.prometheus + offset,
  };
}
