const robotIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;

/** Whether a text may be a robot's id: it is a path segment, a Kafka key and a file-safe name at once. */
export function isRobotId(text: string): boolean {
  return robotIdPattern.test(text);
}
