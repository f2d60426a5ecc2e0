import { type LocalLayout } from '../local-layout.ts';
import { localPorts } from '../ports.ts';

/** What a person can do with a platform that runs. */
export function describeAddresses(layout: LocalLayout, runsUntil: string): string {
  const gateway = `https://localhost:${localPorts.gateway}`;
  const token = `$(node -p "require('${layout.secretsFile}').apiToken")`;
  return [
    '',
    `Gateway          ${gateway}   (trust ${layout.tlsDir}/ca.crt)`,
    `Processor        http://127.0.0.1:${localPorts.processorFirst}   /v1/robots /v1/partitions /metrics`,
    `Webhook pod      http://127.0.0.1:${localPorts.webhookFirst}   /metrics /readyz`,
    `Robot Platform   http://127.0.0.1:${localPorts.platform}/robots`,
    `Kafka            127.0.0.1:${localPorts.kafka}`,
    `Logs             ${layout.logsDir}`,
    '',
    'Try next, in another terminal:',
    `  curl --cacert ${layout.tlsDir}/ca.crt -H "authorization: Bearer ${token}" ${gateway}/v1/robots`,
    '  npx fleetstream --help',
    '',
    runsUntil,
    '',
  ].join('\n');
}
