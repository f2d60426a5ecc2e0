import { type FleetCounters } from './fleet-report.ts';
import { LatencyHistogram } from './latency-histogram.ts';
import { type FinalVerdict } from './read-answer.ts';

/** The fleet's running counters: robots add, the progress line and the report read. */
export class FleetTally {
  readonly ackMs = new LatencyHistogram();
  /** Since the last progress line. */
  readonly recentAckMs = new LatencyHistogram();
  created = 0;
  sent = 0;
  requests = 0;
  retries = 0;
  duplicatesSent = 0;
  duplicatesRecognised = 0;
  outboxFull = 0;
  robotsCutOff = 0;
  answersLost = 0;
  settledByFold = 0;
  resent = 0;
  probes = 0;
  heldMs = 0;
  largestEventBytes = 0;
  #accepted = 0;
  #duplicates = 0;
  readonly #rejected = new Map<string, number>();

  addCreated(sizeBytes: number): void {
    this.created += 1;
    this.largestEventBytes = Math.max(this.largestEventBytes, sizeBytes);
  }

  addVerdict(verdict: FinalVerdict): void {
    switch (verdict.result) {
      case 'accepted':
        this.#accepted += 1;
        break;
      case 'duplicate':
        this.#duplicates += 1;
        break;
      case 'rejected':
        this.#rejected.set(verdict.code, (this.#rejected.get(verdict.code) ?? 0) + 1);
        break;
    }
  }

  addAckMs(ms: number): void {
    this.ackMs.add(ms);
    this.recentAckMs.add(ms);
  }

  counters(): FleetCounters {
    const rejected = [...this.#rejected.values()].reduce((sum, count) => sum + count, 0);
    return {
      created: this.created,
      sent: this.sent,
      accepted: this.#accepted,
      duplicates: this.#duplicates,
      rejected: Object.fromEntries(this.#rejected),
      unacked: this.created - this.#accepted - this.#duplicates - rejected,
      duplicatesSent: this.duplicatesSent,
      duplicatesRecognised: this.duplicatesRecognised,
      requests: this.requests,
      retries: this.retries,
      outboxFull: this.outboxFull,
      robotsCutOff: this.robotsCutOff,
      answersLost: this.answersLost,
      settledByFold: this.settledByFold,
      resent: this.resent,
      probes: this.probes,
      heldMs: Math.round(this.heldMs),
    };
  }
}
