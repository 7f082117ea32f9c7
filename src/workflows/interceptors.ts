import type { WorkflowInterceptors } from '@temporalio/workflow';
import { signedStart } from './signing/signed-start.js';
import { openedAnswers } from './signing/answers.js';
import { signedVerbs } from './signing/heard.js';
import { sealedCommands } from './signing/sent.js';
import { createSigning } from './signing/state.js';

/** What Temporal's bundle loads for every workflow type. */
export function interceptors(): WorkflowInterceptors {
  const signing = createSigning();
  return {
    inbound: [{ execute: signedStart(signing), ...signedVerbs(signing) }],
    outbound: [sealedCommands(signing)],
    internals: [openedAnswers(signing)],
  };
}
