import { shellWord } from '../basics/shell-word.js';

/** A step that waits for a person. */
interface Asking {
  id: string;
  waits_for: 'approval' | 'answer';
  /** Who may decide; none for anybody. */
  approvers: readonly string[];
}

/** The two command lines that end such a waiting. Who has to be named is named: others would be refused. */
export function answerCommands(run: string, { id, waits_for, approvers }: Asking): [string, string] {
  if (waits_for === 'answer') return [`orch answer ${run} ${id} TEXT`, `orch approve ${run} ${id}`];
  const [name, ...others] = approvers;
  const by = name === undefined ? '' : ` --by ${others.length === 0 ? shellWord(name) : 'NAME'}`;
  return [`orch approve ${run} ${id}${by}`, `orch reject ${run} ${id}${by}`];
}
