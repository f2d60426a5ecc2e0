/** What a recording knows of an event; who sends it and in which loop is the replay's business. */
export interface TrackEvent {
  readonly type: string;
  readonly dataText: string;
  /** The device's clock, where the recording has one. */
  readonly time?: string | undefined;
  /** The device's own counter and which one it is: a device may count each topic for itself. */
  readonly header?: { readonly channel: string; readonly sequence: number } | undefined;
  /** Events of one track with the same content are one event sent more than once. Absent: each is its own. */
  readonly content?: string | undefined;
}

/** One source robot's recorded life. */
export interface Track {
  readonly robotId: string;
  readonly model: string;
  readonly site: string;
  /** Events in the track. */
  readonly length: number;
  /** Milliseconds from its start to its end, as recorded. */
  readonly durationMs: number;
  /** Samples of one quantity may be thinned; messages that each mean something may not. */
  readonly thinnable: boolean;
  /** Recorded time of event `index` since the track's start, in milliseconds; never runs back. */
  atMs(index: number): number;
  event(index: number): TrackEvent;
}
