import type { CarriedLedger, Usage } from '../../contract/carried-agent.js';
import type { Budget } from '../../plan/model/agent.js';

const KINDS = ['tokens', 'cost_usd', 'wall_sec'] as const;
type BudgetKind = (typeof KINDS)[number];

const NONE: Usage = { tokens: 0, cost_usd: 0, wall_sec: 0 };

/** What is left of each limit that there is. */
export type Limits = { [K in BudgetKind]?: number };

/** A budget that is used up. */
export interface Overrun {
  kind: BudgetKind;
  limit: number;
  used: number;
}

/** Keeps count of what a step, or all agents of a run, may still cost. What is reserved is spent until it is settled. */
export interface Ledger {
  readonly used: Usage;
  /** Sets aside what a step may cost. @returns false where that is not left now */
  reserve(amount: Limits): boolean;
  /** Whether others have set something aside that may come back. */
  readonly mayComeBack: boolean;
  /** Takes a reservation back. */
  release(amount: Limits): void;
  /** Counts what a turn has cost. @returns limits whose soft share was passed with it */
  settle(usage: Usage): Overrun[];
  /** What a turn may cost at most, as far as there are limits. */
  left(own?: Limits): Limits;
  /** The first limit that is used up. */
  overrun(): Overrun | undefined;
  /** It as it goes along to a new history. */
  carry(): CarriedLedger;
}

/** Makes a ledger; without a budget nothing is ever used up. */
export function createLedger(budget: Budget | undefined, carried?: CarriedLedger): Ledger {
  const used: Usage = { ...NONE, ...carried?.used };
  const reserved: Usage = { ...NONE, ...carried?.reserved };
  const warned = new Set(carried?.warned);
  let reservations = carried?.reservations ?? 0;
  const limited = KINDS.filter((kind) => budget?.[kind] !== undefined);
  return {
    used,
    reserve(amount) {
      const fits = limited.every((kind) => used[kind] + reserved[kind] + (amount[kind] ?? 0) <= budget![kind]!);
      if (!fits) return false;
      reservations += 1;
      for (const kind of KINDS) reserved[kind] += amount[kind] ?? 0;
      return true;
    },
    get mayComeBack() {
      return reservations > 0;
    },
    release(amount) {
      reservations -= 1;
      for (const kind of KINDS) reserved[kind] -= amount[kind] ?? 0;
    },
    settle(usage) {
      for (const kind of KINDS) used[kind] += usage[kind];
      return limited.flatMap((kind) => {
        const limit = budget![kind]!;
        if (warned.has(kind) || used[kind] < limit * budget!.soft) return [];
        warned.add(kind);
        return [{ kind, limit, used: used[kind] }];
      });
    },
    left(own = {}) {
      const left: Limits = {};
      for (const kind of limited)
        left[kind] = Math.max(0, budget![kind]! - used[kind] - reserved[kind] + (own[kind] ?? 0));
      return left;
    },
    overrun() {
      const kind = limited.find((each) => used[each] >= budget![each]!);
      return kind === undefined ? undefined : { kind, limit: budget![kind]!, used: used[kind] };
    },
    carry: () => ({ used: { ...used }, reserved: { ...reserved }, reservations, warned: [...warned] }),
  };
}

/** The smaller of each of two sets of limits. */
export function smaller(first: Limits, second: Limits): Limits {
  const both: Limits = {};
  for (const kind of KINDS) {
    const values = [first[kind], second[kind]].filter((value) => value !== undefined);
    if (values.length > 0) both[kind] = Math.min(...values);
  }
  return both;
}

/** An overrun in words. */
export function overrunText({ kind, limit, used }: Overrun): string {
  const unit = kind === 'tokens' ? 'tokens' : kind === 'cost_usd' ? 'US dollars' : 'seconds of agents';
  const rounded = kind === 'tokens' ? used : Math.round(used * 100) / 100;
  return `${rounded} of ${limit} ${unit}`;
}
