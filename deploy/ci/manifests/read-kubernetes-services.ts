import { type KubernetesObject, type ManifestContext } from './manifest-context.ts';
import { type Container, toPodSpec, toServiceName } from './pod-template.ts';
import { type ServiceEnvironment } from './service-environment.ts';

/** The environment of every container of ours in a directory's build. */
export async function readKubernetesServices(
  context: ManifestContext,
  directory: string,
): Promise<readonly ServiceEnvironment[]> {
  const objects = await context.objects(directory);
  const configMaps = new Map(
    objects.filter(({ kind }) => kind === 'ConfigMap').map((map) => [map.metadata.name, map.data ?? {}]),
  );
  const shared = [...configMaps].find(([name]) => name.startsWith('fleetstream-shared'));
  const sharedNames = new Set(Object.keys(shared?.[1] ?? {}));
  return objects.flatMap((object) =>
    (toPodSpec(object)?.containers ?? []).flatMap((container) => {
      const service = toServiceName(container);
      // The tools read their environment by schemas of their own, and end at once when it isn't right.
      if (service === undefined || service === 'tools') return [];
      return [
        { where: toWhere(directory, object), service, variables: readVariables(container, configMaps), sharedNames },
      ];
    }),
  );
}

function toWhere(directory: string, object: KubernetesObject): string {
  return `${directory}: ${object.kind} ${object.metadata.name}`;
}

/** What a service calls the secret of another, by what the other calls it. */
const calledOtherwise: ReadonlyMap<string, string> = new Map([['COMMANDS_PROCESSOR_TOKEN', 'API_TOKEN']]);

function readVariables(
  container: Container,
  configMaps: ReadonlyMap<string, Readonly<Record<string, string>>>,
): Map<string, string | undefined> {
  const variables = new Map<string, string | undefined>();
  for (const { configMapRef, secretRef } of container.envFrom ?? []) {
    if (secretRef !== undefined) throw new Error(`${container.name}: name each key of a secret, so that it is checked`);
    const data = configMaps.get(configMapRef?.name ?? '');
    if (data === undefined) throw new Error(`${container.name}: no ConfigMap ${configMapRef?.name ?? ''}`);
    for (const [name, value] of Object.entries(data)) variables.set(name, value);
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const secretKey = valueFrom?.secretKeyRef?.key;
    if (secretKey !== undefined && withoutService(secretKey) !== (calledOtherwise.get(name) ?? withoutService(name)))
      throw new Error(`${name}: its key in the secret is ${secretKey}`);
    // $(NAME) is filled in by the kubelet.
    variables.set(name, value?.includes('$(') === true ? undefined : value);
  }
  return variables;
}

/** Services share some secrets, each under its own prefix. */
function withoutService(name: string): string {
  return name.replace(/^[A-Z]+_/, '');
}
