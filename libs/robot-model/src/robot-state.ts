export interface RobotState {
  readonly robotId: string;
}
