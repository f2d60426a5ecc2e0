import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { envoyTemplateUrl, type GatewayOptions, renderEnvoy } from './render-envoy.ts';

const template = readFileSync(envoyTemplateUrl, 'utf8');

const options: GatewayOptions = {
  bindAddress: '0.0.0.0',
  gatewayPort: 8443,
  adminPort: 9901,
  certFile: "/etc/tls/it's a { strange } # path: yes.pem",
  keyFile: '/etc/tls/key.pem',
  webhookEndpoints: [
    { host: 'webhook', port: 8080 },
    { host: '127.0.0.1', port: 18_082 },
  ],
  processorEndpoints: [{ host: 'processor', port: 8090 }],
  commandEndpoints: [{ host: 'commands', port: 8095 }],
};

interface Rendered {
  static_resources: {
    listeners: { filter_chains: { transport_socket: object }[] }[];
    clusters: { name: string; load_assignment: { endpoints: { lb_endpoints: object[] }[] } }[];
  };
}

describe('renderEnvoy', () => {
  const rendered = renderEnvoy(template, options);
  const config = parse(rendered) as Rendered;

  it('fills in every place of the template', () => {
    expect(rendered).not.toMatch(/__\w+__/);
  });

  it('gives each cluster its pods, by name or by address', () => {
    const places = config.static_resources.clusters.map(({ name, load_assignment }) => [
      name,
      load_assignment.endpoints[0]?.lb_endpoints.length,
    ]);
    expect(places).toEqual([
      ['webhook', 2],
      ['processor', 1],
      ['commands', 1],
    ]);
  });

  it('lets no value break out of its place', () => {
    expect(JSON.stringify(config.static_resources.listeners[0]?.filter_chains[0]?.transport_socket)).toContain(
      JSON.stringify(options.certFile),
    );
  });

  it.each([
    { name: 'asks for no client certificate and forwards none', more: {}, forward: 'SANITIZE', validation: null },
    {
      name: 'takes client certificates of one authority, and says itself whose they are',
      more: { clientCaFile: '/etc/tls/clients.pem' },
      forward: 'SANITIZE_SET',
      validation: { trusted_ca: { filename: '/etc/tls/clients.pem' } },
    },
  ])('$name', ({ more, forward, validation }) => {
    const chain = JSON.stringify((parse(renderEnvoy(template, { ...options, ...more })) as Rendered).static_resources);
    expect(chain).toContain(`"forward_client_cert_details":"${forward}"`);
    expect(chain).toContain(`"validation_context":${JSON.stringify(validation)}`);
  });

  it('refuses a template that asks for more than it has', () => {
    expect(() => renderEnvoy('__nothing__', options)).toThrow('nothing');
  });
});
