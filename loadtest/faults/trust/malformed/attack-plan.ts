import { type GatewayAddress, type SlowFigures, type SlowKind } from './raw-connections.ts';

/** What the attacking program is told, as JSON. */
export interface AttackPlan {
  readonly gateway: GatewayAddress;
  /** base64 */
  readonly masterKey: string;
  readonly seed: number;
  /** Everything is played once, in as many parts. */
  readonly windows: number;
  readonly windowMs: number;
  readonly generated: number;
  /** Connections of our own sockets. */
  readonly slow: number;
  readonly slowKinds: readonly SlowKind[];
  /** Beside them, those of slowhttptest, where it is there. */
  readonly slowTool?: { readonly program: string; readonly connections: number } | undefined;
}

/** What it says in the end. */
export interface AttackFigures {
  readonly generated: number;
  readonly listed: number;
  readonly framingCases: number;
  readonly framingWrong: readonly string[];
  readonly slow: SlowFigures;
  readonly slowTool: SlowFigures;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly accepted: readonly (readonly [robotId: string, id: string])[];
  readonly wrong: readonly string[];
}
