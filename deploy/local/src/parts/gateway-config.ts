import { readFileSync } from 'node:fs';
import { envoyTemplateUrl, renderEnvoy } from '../../../gateway/render-envoy.ts';
import { type LocalLayout } from '../local-layout.ts';
import { type ClientCertOptions } from '../start-options.ts';
import { type TlsFiles } from './tls-certificate.ts';

export interface LocalGateway {
  readonly layout: LocalLayout;
  readonly tls: TlsFiles;
  readonly webhooks: number;
  readonly processors: number;
  readonly clientCerts: ClientCertOptions | undefined;
}

/** The gateway's configuration on this machine: the template of all installations with the ports of this one. */
export function toGatewayConfig({ layout, tls, webhooks, processors, clientCerts }: LocalGateway): string {
  const endpoints = (first: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ host: '127.0.0.1', port: first + index }));
  return renderEnvoy(readFileSync(envoyTemplateUrl, 'utf8'), {
    bindAddress: '127.0.0.1',
    gatewayPort: layout.ports.gateway,
    adminPort: layout.ports.gatewayAdmin,
    certFile: tls.certificateFile,
    keyFile: tls.keyFile,
    clientCaFile: clientCerts?.caFile,
    webhookEndpoints: endpoints(layout.ports.webhookFirst, webhooks),
    processorEndpoints: endpoints(layout.ports.processorFirst, processors),
    commandEndpoints: endpoints(layout.ports.commandsFirst, 1),
  });
}
