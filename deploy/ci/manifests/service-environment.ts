/** A service as a manifest starts it. */
export interface ServiceEnvironment {
  /** The manifest, for people. */
  readonly where: string;
  readonly service: string;
  /** A value that isn't in the manifest, such as a secret's, is `undefined`. */
  readonly variables: ReadonlyMap<string, string | undefined>;
  /** Set for several services at once: each reads what it knows. */
  readonly sharedNames: ReadonlySet<string>;
}
