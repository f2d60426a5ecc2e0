import { type ManifestContext } from './manifest-context.ts';
import { composeFiles, loadCompose } from './read-compose-services.ts';

/** Compose's own loader takes the files; published ports stay on this machine, nothing is unlimited or "latest". */
export async function checkCompose(context: ManifestContext): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const file of composeFiles) {
    const model = await loadCompose(context, file);
    if (model === undefined) problems.push(`there is no ${file}`);
    for (const [name, service] of Object.entries(model?.services ?? {})) {
      if (!/:(?!latest$)[^/:]+$/.test(service.image ?? '')) problems.push(`${file}: ${name}: an image that moves`);
      for (const port of service.ports ?? []) {
        // The loader takes it apart, unless a variable stands in it.
        const address = typeof port === 'string' ? port.split(':')[0] : port.host_ip;
        if (address !== '127.0.0.1') problems.push(`${file}: ${name}: a port that others can reach`);
      }
    }
    if (model !== undefined && Object.keys(model.services).length === 0) problems.push(`${file}: no services`);
  }
  return problems;
}
