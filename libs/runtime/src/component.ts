/** Ends what `start` began; called once, in reverse order of starting. */
export type Stop = () => Promise<void>;

/** Whatever holds a resource: a server, a client, a loop. */
export interface Component {
  readonly name: string;
  start(): Promise<Stop>;
}
