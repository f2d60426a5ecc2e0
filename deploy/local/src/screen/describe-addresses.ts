import { type LocalLayout } from '../local-layout.ts';

/** What a person can do with a platform that runs. */
export function describeAddresses(layout: LocalLayout, runsUntil: string, withPrometheus: boolean): string {
  const { gatewayUrl, ports } = layout;
  const token = `$(node -p "require('${layout.secretsFile}').apiToken")`;
  return [
    '',
    `Gateway          ${gatewayUrl}   (trust ${layout.tlsDir}/ca.crt)`,
    `Processor        ${layout.processorUrl(0)}   /v1/robots /v1/partitions /metrics`,
    `Webhook pod      http://127.0.0.1:${ports.webhookFirst}   /metrics /readyz`,
    `Insights         http://127.0.0.1:${ports.insightsFirst}   /metrics /readyz`,
    `Commands         ${layout.commandsUrl}   /v1/commands /v1/platform/robots /metrics`,
    `Robot Platform   ${layout.platformUrl}/robots   (for the command service alone: npx fleetstream robots list)`,
    ...(withPrometheus ? [`Prometheus       ${layout.prometheusUrl}`] : []),
    `Kafka            ${layout.kafkaBrokers}`,
    `Logs             ${layout.logsDir}`,
    '',
    'Try next, in another terminal:',
    `  curl --cacert ${layout.tlsDir}/ca.crt -H "authorization: Bearer ${token}" ${gatewayUrl}/v1/states`,
    '  npx fleetstream state',
    '  npx fleetstream command send <a robot of that list> move --wait',
    '  npx fleetstream --help',
    '',
    runsUntil,
    '',
  ].join('\n');
}
