/** A command that a recording shows being given to a robot and answered by it. */
export interface RecordedCommand {
  readonly robotId: string;
  /** The recorded action's own id, which the robot's recorded states answer with. */
  readonly commandId: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>> | undefined;
  /** Since the recording began, in milliseconds; in a source's list since the run began. */
  readonly atMs: number;
}
