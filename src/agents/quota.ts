import { resetTimeIn } from './reset-time.js';
import { defined } from '../basics/defined.js';

/** An agent that is out of quota. */
export interface QuotaNotice {
  /** When it is there again, milliseconds since the epoch; absent where it is not said. */
  resetAt?: number;
}

const LIMIT = '(?:rate|usage|request|token|session|weekly|daily|hourly|spending)[ _-]?limits?';
const MET = '(?:exceeded|reached|hit|met|exhausted|error)';

/**
 * What APIs and tools say of a limit that was met, each also as a part of an identifier: `rate_limit_error`. A limit
 * that is only mentioned is none: what becomes of it, or when it ends, must be said with it.
 */
const OUT_OF_QUOTA = anyOf([
  `${LIMIT}[ _-]?(?:(?:has|have|was|were|is|are|been) )*${MET}`,
  // Behind it, what is to be done about it, or nothing: `rate limit, try again at …`, `429 rate limit`.
  String.raw`${LIMIT}[\s,;:.·–—()-]*(?:[\w' ]{0,30}\b)?(?:try(?:ing)? again|retry|please wait|wait|will reset|resets?)\b`,
  `(?:exceed(?:s|ed|ing)?|reached|hit|over|met) (?:the |your |our |its |a |an )?(?:[\\w-]+ ){0,3}(?:${LIMIT}|quota|spend cap)`,
  String.raw`(?:you(?:'|’)?ve|you have|have) (?:hit|reached) your (?:[\w-]+ ){0,3}(?:limit|spend cap)`,
  String.raw`hit your (?:[\w-]+ ){0,3}(?:limit|spend cap)`,
  'rate[ -]limited',
  'rate[_-]?limit[_-]?error',
  'limit reached',
  `quota[ _-](?:has been |was )?${MET}`,
  String.raw`exhausted your (?:capacity|(?:[\w-]+ ){0,2}quota)`,
  'insufficient[ _]quota',
  'resource[ _](?:has been )?exhausted',
  'out of (?:credits|quota|extra usage)',
  'credit balance is too low',
  'too many requests',
  'throttling(?:exception| ?error)?',
  'requests? (?:was|were|is|are|has been|have been) (?:being )?throttled',
  'overloaded[ _]?error',
  String.raw`(?:model|server|service|system|api|engine|backend|provider|we)(?:['’]s| is| are|['’]re)? (?:currently |temporarily )?overloaded`,
  'at capacity',
  'experiencing high demand',
  String.raw`(?:status(?: code)?|error|http(?:\/\d(?:\.\d)?)?|code)["']?[:=\s]*(?:429|529)`,
]);
/** One word that stands for all of it. */
const ALONE = /^\W*(?:(?:api )?error\W+)?(?:overloaded|rate limit(?:ed)?|usage limit|429|529)\W*$/i;
const DENIED = anyOf([
  'not logged in',
  'please (?:log|sign) ?in',
  'sign in again',
  'run /login',
  'set an auth method',
  'invalid[ _](?:api[ _]key|x-api-key|authentication)',
  'incorrect api key',
  'authentication[ _](?:error|failed|required)',
  'unauthori[sz]ed',
  'oauth token (?:has )?expired',
  'no auth(?:entication)? (?:credentials|method)',
  'upgrade to plus',
  String.raw`(?:status(?: code)?|error|http)[: ]*40[13]`,
]);
/** Names of files and of what is in them, and counts of what is left: they tell of no limit that was met. */
const NAMES =
  /[\w.@-]*\/[\w./@-]*|\b[\w-]+\.(?:[cm]?[jt]sx?|py|go|rs|rb|java|kt|c|cc|cpp|h|hpp|cs|php|sh|md|ya?ml|json|toml|log|txt)\b(?::\d+)*|\btest[_-][\w-]+|\b[\w-]+[_-]tests?\b|\b\d+\s*\/\s*\d+/gi;

function anyOf(phrases: readonly string[]): RegExp {
  return new RegExp(`(?<![a-z])(?:${phrases.join('|')})(?![a-z0-9])`, 'i');
}

/** Characters of a message that are looked at. */
const MAX_TEXT = 8000;

/** Whether a message says that a limit of use was met, and until when. `now` is milliseconds since the epoch. */
export function quotaIn(text: string, now: number): QuotaNotice | undefined {
  const said = text.slice(0, MAX_TEXT).replace(NAMES, ' ');
  if (!OUT_OF_QUOTA.test(said) && !ALONE.test(said)) return undefined;
  const resetAt = resetTimeIn(text.slice(0, MAX_TEXT), now);
  return defined({ resetAt });
}

/** Whether a message says that the agent may not work at all: no login, a wrong key. */
export function isDenied(text: string): boolean {
  return DENIED.test(text);
}
