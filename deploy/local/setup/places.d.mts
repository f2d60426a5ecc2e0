export interface ToolPlaces {
  readonly cacheDir: string;
  readonly pomFile: string;
  readonly logConfigFile: string;
  readonly kafkaJarsDir: string;
  readonly kafkaClassArchive: string;
  readonly kafkaFormattedDir: string;
  readonly nodeCompileCacheDir: string;
  readonly installedFile: string;
  readonly envoyFile: string;
}

export const envoyVersion: string;

export function toolPlaces(environment: Readonly<Record<string, string | undefined>>): ToolPlaces;
