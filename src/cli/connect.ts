import { OrchClient } from '../client/orch-client.js';
import { connectEmbedded } from '../library/embedded.js';
import { configuredService } from '../temporal/settings.js';
import type { CliContext } from './context.js';
import { UsageError } from './errors.js';

/**
 * Connects to the configured service; where none is configured, to the embedded one.
 *
 * @param startEmbedded starts the embedded service where it does not run; else that is an error.
 */
export async function connect(context: CliContext, startEmbedded: boolean): Promise<OrchClient> {
  const remote = settingsOf(context);
  if (remote !== undefined) {
    const webUi = context.env['ORCH_WEB_UI'];
    return OrchClient.connect({ service: remote, ...(webUi ? { webUi: webUi.replace(/\/+$/, '') } : {}) });
  }
  const onProgress = (line: string): void => context.note(`${context.colors.dim(line)}\n`);
  return connectEmbedded({ env: context.env, start: startEmbedded, onProgress });
}

/** The service that the standard settings name. @throws UsageError where they cannot be read. */
export function settingsOf(context: CliContext): ReturnType<typeof configuredService> {
  try {
    return configuredService(context.env);
  } catch (error) {
    throw new UsageError(`The Temporal settings cannot be read: ${(error as Error).message}`);
  }
}
