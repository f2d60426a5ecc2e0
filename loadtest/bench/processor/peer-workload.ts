import { type LogRecord } from '@fleetstream/kafka';
import { type Decoded, type Fold } from '@fleetstream/kernel';
import { type KeyedPeerEvent, scanPeerEvent } from './scan-peer-event.ts';

/** The workload that the peers' programs fold: ../shared/peers/README.md has the law. */
export interface PeerEvent {
  readonly ts: number;
  readonly type: string;
  readonly battery: number;
  readonly status: string;
}

export interface PeerState {
  readonly lastSeen: number;
  readonly count: number;
  readonly nTelemetry: number;
  readonly nHeartbeat: number;
  readonly nAlert: number;
  readonly batMin: number;
  readonly batMax: number;
  readonly status: string;
}

/** So far ahead that it never fires: the workload has no timers, but their index is kept as in production. */
const silenceMs = 20 * 365 * 86_400_000;

/** The peers' reducer as the engine takes it. */
export function createPeerFold(outputTopic: string): Fold<PeerState, KeyedPeerEvent> {
  return {
    name: 'peers',
    stateVersion: 1,
    initial: () => ({
      ...{ lastSeen: 0, count: 0, nTelemetry: 0, nHeartbeat: 0, nAlert: 0 },
      ...{ batMin: 101, batMax: -1, status: '' },
    }),
    step: (before, event) => {
      const { robotId, ts, type, battery, status } = event;
      const isTelemetry = type === 'telemetry';
      const isHeartbeat = type === 'heartbeat';
      const state: PeerState = {
        lastSeen: ts > before.lastSeen ? ts : before.lastSeen,
        count: before.count + 1,
        nTelemetry: isTelemetry ? before.nTelemetry + 1 : before.nTelemetry,
        nHeartbeat: isHeartbeat ? before.nHeartbeat + 1 : before.nHeartbeat,
        nAlert: isTelemetry || isHeartbeat ? before.nAlert : before.nAlert + 1,
        batMin: battery < before.batMin ? battery : before.batMin,
        batMax: battery > before.batMax ? battery : before.batMax,
        status,
      };
      if (status === before.status) return { state, outputs: noOutputs };
      const from = before.count === 0 ? null : before.status;
      const { count, batMin, batMax } = state;
      const value = JSON.stringify({ robotId, ts, from, to: status, count, batMin, batMax });
      return { state, outputs: [{ topic: outputTopic, key: robotId, value }] };
    },
    dueAt: ({ lastSeen }) => lastSeen + silenceMs,
    onTimer: (state) => ({ state, outputs: noOutputs }),
    encodeState: (state) => JSON.stringify(state),
    decodeState: (text) => JSON.parse(text) as PeerState,
  };
}

const noOutputs: readonly never[] = [];

export function decodePeerEvent(record: LogRecord): Decoded<KeyedPeerEvent> {
  const { value } = record;
  if (value === null) return { kind: 'poison', reason: 'FS_RECORD_UNDECODABLE', detail: 'no value' };
  const text = value.toString('latin1');
  const input = scanPeerEvent(text) ?? (JSON.parse(text) as KeyedPeerEvent);
  return { kind: 'input', key: input.robotId, input };
}

/** `java.lang.String.hashCode`, which the peers sum over their outputs. */
export function javaHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (Math.imul(31, hash) + text.charCodeAt(at)) | 0;
  return hash;
}
