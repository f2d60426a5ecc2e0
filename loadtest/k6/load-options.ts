/** What `npm run load` was asked for. */
export interface LoadOptions {
  readonly command: LoadCommand;
  readonly vus: number;
  readonly durationSeconds: number;
  readonly requestsPerSecond: number;
  readonly eventsPerRequest: number;
  /** Start a platform of its own and stop it afterwards. */
  readonly start: boolean;
  /** Shorter, for those who want to know whether it works at all. */
  readonly quick: boolean;
  readonly stateDir: string;
  readonly json: boolean;
}

export const loadCommands = ['smoke', 'hpa-metric', 'overload'] as const;
export type LoadCommand = (typeof loadCommands)[number];

/**
 * Fixed before any run was made: what a robot waits for its acknowledgement at worst, with everything on one machine
 * of two cores. A platform that needs longer under this little load is broken, not busy.
 */
export const latencyMsP99Max = 500;

export const loadHelp = `npm run load -- <smoke | hpa-metric | overload> [flags]   load on a running platform, by k6

  smoke         signed events at a fixed rate through the gateway; every one must be accepted, quickly
  hpa-metric    whether the autoscaler's metric follows the load: k6, a real Prometheus, the rule of prometheus-adapter
  overload      three times what a pod takes, for 60 s: telemetry is shed, no safety event or command reply is refused.
                Always on a stack of its own, whose log is slow, so that a small machine can make the overload too

  --rate N        requests begun per second (50)
  --events N      events per request (10)
  --duration TIME how long: 5s to 10m (20s; overload 60s); hpa-metric has times of its own
  --vus N         robots, each with one request at a time (50)
  --start         start a platform of its own, and stop it afterwards
  --quick         overload: 15 s, after a shorter look at what a pod takes
  --state-dir DIR of the platform that runs (.fleetstream)
  --json          progress on standard error; the last line of standard output is one JSON object either way
  --help          this text

Exit codes: 0 all checks passed, 1 a check failed, 2 the command or the machine isn't fit.
`;
