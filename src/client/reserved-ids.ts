import { RESERVED_IDS } from '../contract/reserved-ids.js';
import { OrchError } from './errors.js';

/** Characters of an id that somebody chooses; the ids of sub-plans are made of it, and the service takes 1,000. */
const MAX_LENGTH = 200;
const RULE =
  'an id begins with a letter, a digit or _, has at most 200 characters, and no blanks or control characters';

/** Takes ids that can be typed, shown and be a part of other ids. @throws OrchError `invalid_run_id`, `reserved_id` */
export function checkChosenId(id: string): void {
  const shown = id.length > 60 ? `${id.slice(0, 57)}…` : id;
  if (id.length > MAX_LENGTH || !/^[\p{L}\p{N}_][^\s\p{Cc}\p{Cf}]*$/u.test(id)) {
    throw new OrchError('invalid_run_id', `${JSON.stringify(shown)} cannot be the id of a run`, { hint: RULE });
  }
  refuseReservedId(id);
}

/** Keeps runs and loops off the names of what orch itself runs. @throws OrchError `reserved_id` */
function refuseReservedId(id: string): void {
  const prefix = RESERVED_IDS.find((each) => id.startsWith(each));
  if (prefix === undefined) return;
  throw new OrchError('reserved_id', `The id '${id}' is reserved: orch itself uses ids that start with '${prefix}'`, {
    hint: 'choose another --id',
  });
}
