import { describe, expect, it } from 'vitest';
import { toLocalLayout } from '../local-layout.ts';
import { toGatewayConfig } from './gateway-config.ts';
import { toWebhookEnvironment } from './service-environments.ts';

const layout = toLocalLayout('/tmp/state', 0);
const tls = { caFile: '/tls/ca.crt', certificateFile: '/tls/localhost.crt', keyFile: '/tls/localhost.key' };
const secrets = { masterKey: 'key', apiToken: 'token', commandsJwtSecret: 'secret' };
const clientCerts = { caFile: '/robots/ca.pem', mode: 'instead' } as const;
const gatewayWith = (given: typeof clientCerts | undefined) =>
  toGatewayConfig({ layout, tls, webhooks: 2, processors: 1, clientCerts: given });
const podWith = (given: typeof clientCerts | undefined) =>
  toWebhookEnvironment({ layout, port: 1, secrets, clientCerts: given });

describe('client certificates of robots', () => {
  it('are asked for by nobody unless they are wanted', () => {
    expect(gatewayWith(undefined)).toContain('validation_context: null');
    expect(gatewayWith(undefined)).toContain('forward_client_cert_details: "SANITIZE"\n');
    expect(podWith(undefined)).not.toHaveProperty('WEBHOOK_TRUST_CLIENT_CERT');
  });

  it('are all that changes when they are', () => {
    const [without, having] = [gatewayWith(undefined), gatewayWith(clientCerts)].map((text) => text.split('\n'));
    const changed = having?.filter((line, at) => line !== without?.[at]).map((line) => line.trim());
    expect(changed).toEqual([
      'validation_context: {"trusted_ca":{"filename":"/robots/ca.pem"}}',
      'forward_client_cert_details: "SANITIZE_SET"',
    ]);
    expect(podWith(clientCerts)).toEqual({ ...podWith(undefined), WEBHOOK_TRUST_CLIENT_CERT: 'instead' });
  });
});
