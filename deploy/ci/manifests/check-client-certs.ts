import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ensureCertificate } from '../../local/src/parts/tls-certificate.ts';
import { envoyTemplateUrl, renderEnvoy } from '../../gateway/render-envoy.ts';
import { type ManifestContext } from './manifest-context.ts';
import { loadCompose } from './read-compose-services.ts';
import { runTool } from './run-tool.ts';

const platform = 'docker-compose.yml';
const addition = 'deploy/gateway/client-certs.compose.yml';

/**
 * The three ways of taking client certificates are whole: pods believe the gateway and nobody else, the gateway drops what
 * the outside says, and nothing else differs from an installation without them.
 */
export async function checkClientCerts(context: ManifestContext): Promise<readonly string[]> {
  return [...(await checkComposeAddition(context)), ...(await checkComponent(context)), ...(await checkEnvoy(context))];
}

async function checkComposeAddition(context: ManifestContext): Promise<string[]> {
  const [without, having] = [await loadCompose(context, platform), await loadCompose(context, platform, addition)];
  const problems: string[] = [];
  const changed = Object.keys(having?.services ?? {}).filter(
    (name) => !isDeepStrictEqual(having?.services[name], without?.services[name]),
  );
  if (changed.sort().join() !== 'gateway,webhook') problems.push(`${addition}: changes ${changed.join()}`);
  const { webhook, gateway } = having?.services ?? {};
  const believed = webhook?.environment?.['WEBHOOK_GATEWAY_ADDRESSES'];
  const address = gateway?.networks?.['default']?.ipv4_address;
  if (address === undefined || believed !== address) {
    problems.push(`${addition}: pods believe ${String(believed)}, and the gateway is ${String(address)}`);
  }
  if (webhook?.environment?.['WEBHOOK_TRUST_CLIENT_CERT'] === undefined)
    problems.push(`${addition}: pods believe nobody`);
  return problems;
}

async function checkComponent(context: ManifestContext): Promise<string[]> {
  const [without, having] = [
    await context.objects('deploy/kubernetes/overlays/dev'),
    await context.objects('deploy/kubernetes/overlays/dev-client-certs'),
  ];
  const added = having.filter(({ kind, metadata }) => !without.some((one) => isSame(one, { kind, metadata })));
  const names = added.map(({ kind, metadata }) => `${kind} ${withoutHash(metadata.name)}`);
  const problems: string[] = [];
  if (names.join() !== 'ClientTrafficPolicy fleetstream-client-certs') problems.push(`components add ${names.join()}`);
  const policy = added[0]?.spec as { headers?: { xForwardedClientCert?: { mode?: string } } } | undefined;
  if (policy?.headers?.xForwardedClientCert?.mode !== 'SanitizeSet')
    problems.push('the gateway repeats what others say');
  const [pods, podsBefore] = [findWebhook(having), findWebhook(without)];
  const { WEBHOOK_TRUST_CLIENT_CERT: mode, WEBHOOK_GATEWAY_ADDRESSES: addresses, ...rest } = pods;
  if (mode === undefined || addresses === undefined) problems.push('pods believe nobody');
  if (!isDeepStrictEqual(rest, podsBefore)) problems.push('pods are told more than of certificates');
  return problems;
}

interface Named {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

function isSame(one: Named, other: Named): boolean {
  return one.kind === other.kind && withoutHash(one.metadata.name) === withoutHash(other.metadata.name);
}

/** A ConfigMap's name ends in a hash of what is in it. */
function withoutHash(name: string): string {
  return name.replace(/-[0-9a-z]{10}$/, '');
}

function findWebhook(objects: readonly (Named & { readonly data?: Readonly<Record<string, string>> })[]) {
  const map = objects.find((one) => isSame(one, { kind: 'ConfigMap', metadata: { name: 'fleetstream-webhook' } }));
  return { ...map?.data };
}

/** The real Envoy takes the configuration that asks for certificates. */
async function checkEnvoy(context: ManifestContext): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-client-certs-'));
  try {
    const tls = await ensureCertificate(join(directory, 'tls'), Date.now());
    const configFile = join(directory, 'envoy.yaml');
    const text = renderEnvoy(readFileSync(envoyTemplateUrl, 'utf8'), {
      ...{ bindAddress: '0.0.0.0', gatewayPort: 8443, adminPort: 9901 },
      ...{ certFile: tls.certificateFile, keyFile: tls.keyFile, clientCaFile: tls.caFile },
      webhookEndpoints: [{ host: 'webhook', port: 8080 }],
      processorEndpoints: [{ host: 'processor', port: 8080 }],
      commandEndpoints: [{ host: 'commands', port: 8080 }],
    });
    writeFileSync(configFile, text);
    const args = ['--mode', 'validate', '--log-level', 'warning', '--config-path', configFile];
    const result = await runTool(context.tools.envoy, args);
    return result.ok ? [] : [result.said];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
