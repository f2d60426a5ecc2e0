import { type Track } from './track.ts';

/** How tracks are played so that the whole fleet stays within a rate. */
export interface RateFit {
  /** Everything happens this much slower than asked; 1 leaves it. */
  readonly slowDown: number;
  /** Of a thinnable track every n-th sample is sent; 1 sends all. */
  stride(track: Track): number;
  readonly text: string;
}

/** Messages may take this share of the rate before everything is slowed down, when there are samples as well. */
const messageShare = 0.75;

/**
 * Fits tracks (one per robot, so repeated) to events per second, on average over a loop: first dense samples are thinned,
 * the densest most; messages, which can't be thinned, are slowed down when they alone are too many.
 *
 * @param rate events per second; 0 for no limit
 */
export function fitRate(tracks: readonly Track[], rate: number, speed: number): RateFit {
  const messages = sum(tracks.filter((track) => !track.thinnable).map((track) => toRate(track, speed)));
  const samples = tracks.filter((track) => track.thinnable).map((track) => toRate(track, speed));
  if (rate === 0 || messages + sum(samples) <= rate) {
    return { slowDown: 1, stride: () => 1, text: 'every recorded event at its time' };
  }
  const forMessages = samples.length === 0 ? rate : rate * messageShare;
  const slowDown = Math.max(1, messages / forMessages);
  const perTrackMax = toCeiling(
    samples.map((each) => each / slowDown),
    rate - messages / slowDown,
  );
  const stride = (track: Track) =>
    track.thinnable ? Math.max(1, Math.ceil(toRate(track, speed) / slowDown / perTrackMax - 1e-6)) : 1;
  return { slowDown, stride, text: describe(tracks, slowDown, stride) };
}

function toRate(track: Track, speed: number): number {
  return (track.length / track.durationMs) * 1000 * speed;
}

/** The ceiling for single rates under which they sum up to the total. */
function toCeiling(rates: readonly number[], total: number): number {
  let low = 0;
  let high = Math.max(...rates, 1e-9);
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2;
    if (sum(rates.map((rate) => Math.min(rate, middle))) > total) high = middle;
    else low = middle;
  }
  return high;
}

function describe(tracks: readonly Track[], slowDown: number, stride: (track: Track) => number): string {
  const strides = new Map(tracks.map((track) => [track.model, stride(track)]));
  const thinned = [...strides].filter(([, n]) => n > 1).map(([model, n]) => `${model}: one sample in ${n}`);
  return [...(slowDown > 1 ? [`everything ${slowDown.toFixed(2)} times slower`] : []), ...thinned].join('; ');
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
