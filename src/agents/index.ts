export { adapterOf } from './adapters/index.js';
export { filesWereMade } from './evidence.js';
export { addedLines } from './cut-diff.js';
export { changeSince, diffSince, git, GitError, runGit, topOf, treeState, type GitEnd } from './git.js';
export { type TurnEnd } from './failure.js';
export { concludeTurn, type TurnOutcome } from './outcome.js';
export {
  begunSection,
  buildAnswerPrompt,
  buildFixPrompt,
  buildPrompt,
  buildResumePrompt,
  buildReviewPrompt,
  type PromptParts,
} from './prompt.js';
export { isOver, noProgress, type Adapter, type TurnProgress, type TurnRequest } from './types.js';
export { branchOf, commitAll, freeBranch, makeWorktree, removeWorktree, whyTreeStays, worktreeOf } from './worktree.js';
export { decodeText } from './plain-text.js';
export { type FileVerdict, verdictOfFile } from './verdict-file.js';
