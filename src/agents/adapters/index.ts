import type { AgentSettings } from '../../plan/model/agent.js';
import type { Adapter } from '../types.js';
import { claude } from './claude.js';
import { codex } from './codex.js';
import { dispatch } from './dispatch.js';
import { gemini } from './gemini.js';
import { generic } from './generic.js';
import { opencode } from './opencode.js';
import { unreachable } from '../../basics/unreachable.js';

/** The adapter that an agent's settings name. */
export function adapterOf({ adapter = 'generic', events = 'none' }: AgentSettings): Adapter {
  switch (adapter) {
    case 'codex':
      return codex;
    case 'claude':
      return claude;
    case 'gemini':
      return gemini;
    case 'opencode':
      return opencode;
    case 'dispatch':
      return dispatch;
    case 'generic':
      return generic(events);
    default:
      return unreachable(adapter);
  }
}
