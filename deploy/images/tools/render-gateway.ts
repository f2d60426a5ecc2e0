// The gateway's configuration inside containers, where pods have names. With --client-certs it takes client certificates
// of the authority that is mounted beside its own certificate.
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { envoyTemplateUrl, renderEnvoy } from '../../gateway/render-envoy.ts';

process.stdout.write(
  renderEnvoy(readFileSync(envoyTemplateUrl, 'utf8'), {
    bindAddress: '0.0.0.0',
    gatewayPort: 8443,
    adminPort: 9901,
    certFile: '/etc/fleetstream/tls/localhost.crt',
    keyFile: '/etc/fleetstream/tls/localhost.key',
    clientCaFile: argv.includes('--client-certs') ? '/etc/fleetstream/client-ca.crt' : undefined,
    // One name with as many addresses as there are pods.
    webhookEndpoints: [{ host: 'webhook', port: 8080 }],
    processorEndpoints: [{ host: 'processor', port: 8080 }],
    commandEndpoints: [{ host: 'commands', port: 8080 }],
  }),
);
