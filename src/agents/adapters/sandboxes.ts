import type { AgentPermissions } from '../../plan/model/agent.js';

/** The names that Codex gave to what an agent may do, which scripts round it speak too. */
export const SANDBOXES: Readonly<Record<AgentPermissions, string>> = {
  read: 'read-only',
  edit: 'workspace-write',
  full: 'danger-full-access',
};
