import { ACCOUNT_PREFIX } from './account-messages.js';
import { LOCK_PREFIX } from './lock-messages.js';
import { SCHEDULE_PREFIX } from './schedule-messages.js';

/** What the ids of orch's own workflows begin with. Nothing else may be called so. */
export const RESERVED_IDS: readonly string[] = [LOCK_PREFIX, ACCOUNT_PREFIX, SCHEDULE_PREFIX];
