import { type RunFigures } from '@fleetstream/testing';
import { exactly, atLeast, type Check } from '../../check.ts';
import { type FaultRound, type PlayedRound, sumOf, wrongs } from '../scenario.ts';

/** The oracle's figures of a round, with how often it was asked. */
export function toVerified(figures: RunFigures): PlayedRound {
  const wrong = Object.fromEntries(wrongs.map((name) => [name, figures[name]]));
  const { appended, acknowledged, folded, outputs, deadLetters, examples } = figures;
  return { figures: { verified: 1, ...wrong, appended, acknowledged, folded, outputs, deadLetters }, examples };
}

export function isRight({ figures }: PlayedRound): boolean {
  return wrongs.every((wrong) => (figures[wrong] ?? 0) === 0);
}

/** The oracle was asked, found things to compare, and nothing wrong. */
export function checkVerified(rounds: readonly FaultRound[]): Check[] {
  return [
    atLeast('verified', sumOf(rounds, 'verified'), 1),
    ...wrongs.map((wrong) => exactly(wrong, sumOf(rounds, wrong), 0)),
    atLeast('outputs', largest(rounds, 'outputs'), 1),
    atLeast('deadLetters', largest(rounds, 'deadLetters'), 1),
  ];
}

/** Of a figure that not every round has; `undefined` when none does. */
export function largest(rounds: readonly FaultRound[], figure: string): number | undefined {
  const values = valuesOf(rounds, figure);
  return values.length === 0 ? undefined : Math.max(...values);
}

function valuesOf(rounds: readonly FaultRound[], figure: string): number[] {
  return rounds.flatMap(({ figures }) => figures[figure] ?? []);
}
