import { atLeast, atMost, type Check, exactly } from '../../check.ts';
import { median } from '../harness/median.ts';
import { type EngineRecovery, type RecoveryRound } from './recovery-figures.ts';
import { type OurRecovery, ourSeries } from './recover-ours.ts';
import { peerSeries } from './recover-peers.ts';

/** Medians over the kills, detection included. Beside the peers both count, the first partition's and the last one's. */
const limits = { intactMs: 2000, standbyMs: 3000, ratioToPeer: 1 };
/** The state that the limits are about: short of a GiB by no more than its files' own frame. */
const stateBytesMin = 0.95 * 2 ** 30;

export interface Recoveries {
  readonly ours: OurRecovery;
  /** By name; none when ours runs alone. */
  readonly peers: Readonly<Record<string, EngineRecovery>>;
}

export function checkRecoveries({ ours, peers }: Recoveries, isQuick: boolean): Check[] {
  const rounds = Object.values(ours.rounds).flat();
  const right = [
    exactly('outputs of ours that were lost', ours.lost, 0),
    exactly('outputs of ours that came twice or tell a wrong state', ours.wrong, 0),
    exactly(
      'openings of ours from another rung than the kill was about',
      rounds.reduce((sum, { wrongRungs }) => sum + wrongRungs, 0),
      0,
    ),
  ];
  if (isQuick) return right;
  return [
    ...right,
    atLeast('bytes of state that ours restored', ours.restoredBytes, stateBytesMin),
    atMost(`${ourSeries.intact}: ms to the first new output`, middleOf(ours, ourSeries.intact, first), limits.intactMs),
    atMost(
      `${ourSeries.standby}: ms to the first new output`,
      middleOf(ours, ourSeries.standby, first),
      limits.standbyMs,
    ),
    ...Object.entries(peers).flatMap(([name, peer]) => [
      atMost(
        `${ourSeries.lost}: time to the first new output over that of ${name}`,
        divide(middleOf(ours, ourSeries.lost, first), middleOf(peer, peerSeries, first)),
        limits.ratioToPeer,
      ),
      atMost(
        `${ourSeries.lost}: time to one of every partition over that of ${name}`,
        divide(middleOf(ours, ourSeries.lost), middleOf(peer, peerSeries)),
        limits.ratioToPeer,
      ),
    ]),
  ];
}

const first = ({ firstMs }: RecoveryRound): number => firstMs;

/** Of a series, the median time until every partition had a new output, or what else is picked. */
export function middleOf(
  engine: EngineRecovery,
  series: string,
  pick: (round: RecoveryRound) => number = ({ allMs }) => allMs,
): number | undefined {
  return median((engine.rounds[series] ?? []).map(pick));
}

function divide(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : Number((a / b).toFixed(3));
}
