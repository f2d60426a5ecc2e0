import { type ManifestContext } from './manifest-context.ts';
import { composeFiles, loadCompose } from './read-compose-services.ts';

/** Compose's own loader takes the files; published ports stay on this machine, nothing is unlimited or "latest". */
export async function checkCompose(context: ManifestContext): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const file of composeFiles) {
    const model = await loadCompose(context, file);
    if (model === undefined) problems.push(`there is no ${file}`);
    for (const [name, service] of Object.entries(model?.services ?? {})) {
      if (service.image?.endsWith(':latest') === true) problems.push(`${file}: ${name}: an image that moves`);
    }
    if (model !== undefined && Object.keys(model.services).length === 0) problems.push(`${file}: no services`);
  }
  return problems;
}
