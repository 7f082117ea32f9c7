export { adapterOf } from './adapters/index.js';
export { filesWereMade } from './evidence.js';
export {
  branchOf,
  commitAll,
  diffSince,
  git,
  GitError,
  makeWorktree,
  removeWorktree,
  whyTreeStays,
  worktreeOf,
  runGit,
  topOf,
  treeState,
  type GitEnd,
} from './git.js';
export { concludeTurn, type TurnEnd, type TurnFailure, type TurnOutcome } from './outcome.js';
export {
  buildAnswerPrompt,
  buildFixPrompt,
  buildPrompt,
  buildResumePrompt,
  buildReviewPrompt,
  type PromptParts,
} from './prompt.js';
export { noProgress, type Adapter, type TurnProgress, type TurnRequest } from './types.js';
export { verdictOfFile, type Verdict } from './verdict.js';
