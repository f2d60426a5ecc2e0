import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { assertGo, goRemedy } from './go-tools.mjs';
import { readOutput } from './run-command.mjs';

/** The newest API that the manifests are checked against. */
const kubernetes = { module: 'k8s.io/kubernetes', version: 'v1.36.3' };
const gatewayApi = { module: 'sigs.k8s.io/gateway-api', version: 'v1.6.3' };

/** The folder of JSON Schemas that kubeconform reads, one file a kind. */
export function kubernetesSchemasDir(cacheDir) {
  return join(cacheDir, 'tools', `kubernetes-schemas-${kubernetes.version}-gateway-${gatewayApi.version}`);
}

/**
 * JSON Schemas of Kubernetes and the Gateway API. Nobody publishes them in a package registry, but both projects'
 * Go modules carry what they are made of: the OpenAPI document and the custom resource definitions.
 */
export function kubernetesSchemasStep({ places }) {
  const directory = kubernetesSchemasDir(places.cacheDir);
  return {
    name: `schemas of Kubernetes ${kubernetes.version} (about 20 MB)`,
    isDone: async () => existsSync(directory),
    run: async () => {
      await assertGo();
      const openApiFile = join(await downloadModule(kubernetes), 'api', 'openapi-spec', 'swagger.json');
      const crdDir = join(await downloadModule(gatewayApi), 'config', 'crd', 'standard');
      // It needs the YAML parser, which isn't there before the npm packages are.
      const { writeKubernetesSchemas } = await import('./write-kubernetes-schemas.mjs');
      const part = `${directory}.part`;
      rmSync(part, { recursive: true, force: true });
      mkdirSync(part, { recursive: true });
      writeKubernetesSchemas({ openApiFile, crdDir, directory: part });
      renameSync(part, directory);
    },
    remedy: goRemedy,
  };
}

async function downloadModule({ module, version }) {
  const answer = await readOutput('go', ['mod', 'download', '-json', `${module}@${version}`]);
  if (answer === '') throw new Error(`"go mod download ${module}@${version}" failed`);
  return JSON.parse(answer).Dir;
}
