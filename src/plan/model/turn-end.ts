/** What an agent says of its own work. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'error' | 'question' | 'escalated';

/** Why a turn of an agent is no answer. */
export type TurnFaultKind = 'quota' | 'auth' | 'usage' | 'crash' | 'empty' | 'session' | 'stopped';
