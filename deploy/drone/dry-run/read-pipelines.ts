import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { type DronePipeline, droneResourceSchema } from '../../ci/manifests/drone-pipeline-schema.ts';

/**
 * The pipelines of a `.drone.yml`.
 *
 * @throws Error when the file isn't one
 */
export function readPipelines(file: string): readonly DronePipeline[] {
  return parseAllDocuments(readFileSync(file, 'utf8'), { uniqueKeys: true, merge: true })
    .map((document) => droneResourceSchema.parse(document.toJS()))
    .filter((resource) => resource.kind === 'pipeline');
}
