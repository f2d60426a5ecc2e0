/** What a person or a program may do, least first; each may do what those before it may. */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const;

export type Role = (typeof roles)[number];

export function isRole(value: unknown): value is Role {
  return roles.some((role) => role === value);
}

/** Whether somebody with `role` may do what `needed` may. */
export function isAtLeast(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
