import type { ScheduleRegister } from './schedule-register.js';
import type { UsedSeals } from './used-seals.js';

/** What a worker needs to tell what orch has signed. */
export interface WorkerSigning {
  /** 32 bytes, hex. */
  key: string;
  /** From when on everything is signed, milliseconds since the epoch: what is older may come without. */
  since: number;
  used: UsedSeals;
  schedules: ScheduleRegister;
}
