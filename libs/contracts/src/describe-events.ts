export interface EventDescription {
  readonly type: string;
  readonly sender: 'robot' | 'platform' | 'model';
  readonly what: string;
  readonly fields: readonly EventField[];
}

export interface EventField {
  /** As in `battery.percent` or `errors[].type`. */
  readonly path: string;
  readonly type: string;
  readonly required: boolean;
  readonly what: string;
}

export function describeEvents(): readonly EventDescription[] {
  return [];
}

/** `docs/events.md`, whole. */
export function renderEventDocs(): string {
  return '';
}
