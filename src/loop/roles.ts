/** Who takes a turn: each iteration has one of either, in this order. */
export const ROLES = ['supervisor', 'main'] as const;

export type Role = (typeof ROLES)[number];

/** What state files and old log lines call them. */
export const ACTORS: Readonly<Record<Role, 'galph' | 'ralph'>> = { supervisor: 'galph', main: 'ralph' };

const NAMES: Readonly<Record<string, Role>> = {
  supervisor: 'supervisor',
  galph: 'supervisor',
  main: 'main',
  ralph: 'main',
  loop: 'main',
};

/** All names that a role is known by. */
export const ROLE_NAMES = Object.keys(NAMES);

/** The role of a name, in any case; undefined for one that nobody has. */
export function roleOf(name: string): Role | undefined {
  const key = name.trim().toLowerCase();
  return Object.hasOwn(NAMES, key) ? NAMES[key] : undefined;
}

/** Name of the task queue of a role's workers. */
export function roleQueue(queue: string, role: Role): string {
  return `${queue}-${role}`;
}

/** Name of the task queue that serves the loop itself, where each role has workers of its own. */
export function loopQueue(queue: string): string {
  return `${queue}-loop`;
}
