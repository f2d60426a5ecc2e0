/** What `npm run load` was asked for. */
export interface LoadOptions {
  readonly command: LoadCommand;
  readonly vus: number;
  readonly durationSeconds: number;
  readonly requestsPerSecond: number;
  readonly eventsPerRequest: number;
  /** Start a platform of its own and stop it afterwards. */
  readonly start: boolean;
  readonly stateDir: string;
  readonly json: boolean;
}

export const loadCommands = ['smoke', 'hpa-metric'] as const;
export type LoadCommand = (typeof loadCommands)[number];

/**
 * Fixed before any run was made: what a robot waits for its acknowledgement at worst, with everything on one machine
 * of two cores. A platform that needs longer under this little load is broken, not busy.
 */
export const latencyMsP99Max = 500;

export const loadHelp = `npm run load -- <smoke | hpa-metric> [flags]   load on a running platform, by k6

  smoke         signed events at a fixed rate through the gateway; every one must be accepted, quickly
  hpa-metric    whether the autoscaler's metric follows the load: k6, a real Prometheus, the rule of prometheus-adapter

  --rate N        requests begun per second (50)
  --events N      events per request (10)
  --duration TIME how long: 5s to 10m (20s); hpa-metric has times of its own
  --vus N         robots, each with one request at a time (50)
  --start         start a platform of its own, and stop it afterwards
  --state-dir DIR of the platform that runs (.fleetstream)
  --json          progress on standard error; the last line of standard output is one JSON object either way
  --help          this text

Exit codes: 0 all checks passed, 1 a check failed, 2 the command or the machine isn't fit.
`;
