import { RESERVED_IDS } from '../contract/reserved-ids.js';
import { OrchError } from './errors.js';

/** Keeps runs and loops off the names of what orch itself runs. @throws OrchError `reserved_id` */
export function refuseReservedId(id: string): void {
  const prefix = RESERVED_IDS.find((each) => id.startsWith(each));
  if (prefix === undefined) return;
  throw new OrchError('reserved_id', `The id '${id}' is reserved: orch itself uses ids that start with '${prefix}'`, {
    hint: 'choose another --id',
  });
}
