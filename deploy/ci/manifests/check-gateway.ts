import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureCertificate } from '../../local/src/parts/tls-certificate.ts';
import { envoyTemplateUrl, renderEnvoy } from '../../gateway/render-envoy.ts';
import { type ManifestContext } from './manifest-context.ts';
import { runTool } from './run-tool.ts';

/** The real Envoy reads the rendered template, with a real certificate. */
export async function checkGateway(context: ManifestContext): Promise<readonly string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-manifests-'));
  try {
    const tls = await ensureCertificate(join(directory, 'tls'), Date.now());
    // Envoy tells the format by the file's name.
    const configFile = join(directory, 'envoy.yaml');
    const options = {
      bindAddress: '0.0.0.0',
      gatewayPort: 8443,
      adminPort: 9901,
      certFile: tls.certificateFile,
      keyFile: tls.keyFile,
      webhookEndpoints: [{ host: 'webhook', port: 8080 }],
      processorEndpoints: [{ host: 'processor', port: 8080 }],
      commandEndpoints: [{ host: 'commands', port: 8080 }],
    };
    writeFileSync(configFile, renderEnvoy(readFileSync(envoyTemplateUrl, 'utf8'), options));
    const args = ['--mode', 'validate', '--log-level', 'warning', '--config-path', configFile];
    const result = await runTool(context.tools.envoy, args);
    return result.ok ? [] : [result.said];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface RouteRule {
  readonly matches: readonly { readonly path: { readonly type: string; readonly value: string } }[];
  readonly timeouts?: { readonly request?: string };
  readonly backendRefs: readonly { readonly name: string }[];
}

/** Pattern → service and time limit must be the same in Envoy's template and in the Gateway API's routes. */
export async function checkRoutes(context: ManifestContext): Promise<readonly string[]> {
  const template = readFileSync(envoyTemplateUrl, 'utf8');
  const envoy = [
    ...template.matchAll(
      /(?:safe_regex:\s+\{\s+regex: '([^']+)'|path_separated_prefix: ([^\s,]+))[\s\S]*?cluster: (\w+)[\s\S]*?timeout: (\w+)/g,
    ),
  ];
  const wanted = new Set(
    envoy.map(
      ([, regex = '', prefix = '', cluster, timeout]) => `${regex}${prefix} → fleetstream-${cluster} in ${timeout}`,
    ),
  );
  const rules = (await context.objects('deploy/kubernetes/base'))
    .filter(({ kind }) => kind === 'HTTPRoute')
    .flatMap((route) => route.spec?.['rules'] as RouteRule[]);
  const found = new Set(
    rules.flatMap(({ matches, timeouts, backendRefs }) =>
      matches.map(({ path }) => `${path.value} → ${backendRefs[0]?.name} in ${timeouts?.request}`),
    ),
  );
  return [
    ...(wanted.size === 0 ? ["no routes read from the gateway's template"] : []),
    ...[...wanted].filter((route) => !found.has(route)).map((route) => `missing in Kubernetes: ${route}`),
    ...[...found].filter((route) => !wanted.has(route)).map((route) => `only in Kubernetes: ${route}`),
  ];
}
