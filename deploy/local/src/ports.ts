/** Where the parts of `npm start` listen, all on 127.0.0.1. Pods, nine of a kind at most, count up from their first. */
export const localPorts = {
  kafka: 19_092,
  kafkaController: 19_093,
  redis: 16_379,
  gateway: 18_443,
  gatewayAdmin: 19_901,
  webhookFirst: 18_081,
  processorFirst: 18_091,
  insightsFirst: 18_101,
  platform: 18_070,
} as const;

/** Pods of one kind, at most: the next kind's ports begin ten further. */
export const maxPodsPerKind = 9;
