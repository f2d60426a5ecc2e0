/** Client certificates that the gateway takes. */
export interface ClientCertOptions {
  /** PEM of their authority. */
  readonly caFile: string;
  /** Whether one is needed beside the signature or stands for it. */
  readonly mode: 'required' | 'instead';
}

/** What `npm start` was asked for. */
export interface StartOptions {
  /** Ends by itself after this long; `undefined` runs until Ctrl-C or, with `once`, until the source is played. */
  readonly runForMs: number | undefined;
  readonly robots: number;
  /** Events per second over the whole fleet; `undefined` leaves the source's own. */
  readonly rate: number | undefined;
  readonly speed: number;
  readonly webhooks: number;
  readonly processors: number;
  readonly recordings: string | undefined;
  /** As the fleet names them. */
  readonly source: string;
  readonly once: boolean;
  readonly json: boolean;
  readonly fleet: boolean;
  readonly prometheus: boolean;
  /** Whether robots may prove themselves by client certificates. */
  readonly clientCerts: ClientCertOptions | undefined;
  readonly fresh: boolean;
  readonly chaos: boolean;
  /** Commands given to random robots. */
  readonly commandsPerSecond: number;
  readonly seed: number;
  readonly stateDir: string;
  /** Added to every port. */
  readonly portOffset: number;
}

export const startHelp = `npm start -- [flags]   the whole platform on this machine

  --for TIME          run for 60s, 5m or 1h, check the result, end (default: until Ctrl-C)
  --robots N          robots of the fleet (50)
  --rate N            events per second of the whole fleet (600; a recorded session: its own)
  --speed N           how much faster than recorded (1)
  --source NAME       simulator, recordings, orbis, crazyflie, ur3 or agv-session (recordings when there are any)
  --recordings PATH   a folder of recorded robots (../shared/data when it is there),
                      or one .log file of an AGV session
  --once              end when the source has been played once
  --webhooks N        webhook pods, 1 to 9 (2)
  --processors N      processors, 1 to 6 (1)
  --with-prometheus   run Prometheus beside it, with the product's rules
  --client-ca FILE    the gateway takes client certificates of the authority in this PEM file
  --client-certs MODE what one counts for: instead of a robot's signature, or required beside it (instead)
  --no-fleet          only the platform; send events yourself
  --chaos             kill pods and processors during the run, once with the processor's state deleted;
                      --for 45s at least
  --commands N        commands given to robots each second (1; a recorded session: only its own)
  --seed N            of the fleet and of the chaos (1)
  --json              figures as one JSON object on the last line of standard output, progress on standard error
  --fresh             empty the state directory first
  --state-dir PATH    where logs, data, secrets and certificates lie (.fleetstream)
  --port-offset N     add N to every port, for a second platform on this machine (0)
  --help              this text

Exit codes: 0 all checks passed, 1 a check or a part failed, 2 the command or the machine isn't fit, 130 interrupted twice.
`;
