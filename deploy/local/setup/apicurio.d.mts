export interface ApicurioPlaces {
  readonly dir: string;
  readonly jarFile: string;
  readonly javaFile: string;
}

export function apicurioPlaces(cacheDir: string): ApicurioPlaces;
