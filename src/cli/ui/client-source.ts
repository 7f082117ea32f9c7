import { OrchError } from '../../client/errors.js';
import type { OrchClient } from '../../client/orch-client.js';

/** Gives work the client that is connected, and connects again where the service has come back elsewhere. */
export interface ClientSource {
  with<T>(work: (client: OrchClient) => Promise<T>): Promise<T>;
  /** Closes what is connected, once nothing works with it. */
  close(): void;
}

interface Shared {
  client: Promise<OrchClient>;
  users: number;
  retired: boolean;
}

/** Connects when somebody asks. */
export function createClientSource(connect: () => Promise<OrchClient>): ClientSource {
  let current: Shared | undefined;

  return {
    async with(work) {
      const mine = (current ??= { client: connect(), users: 0, retired: false });
      mine.users += 1;
      try {
        return await work(await mine.client.catch(failed));
      } catch (error) {
        if (error instanceof OrchError && error.code === 'service_unreachable') retire(mine);
        throw error;
      } finally {
        mine.users -= 1;
        closeIdle(mine);
      }

      function failed(error: unknown): never {
        retire(mine);
        throw error;
      }
    },
    close() {
      if (current !== undefined) retire(current);
    },
  };

  function retire(shared: Shared): void {
    shared.retired = true;
    if (current === shared) current = undefined;
    closeIdle(shared);
  }
}

/** Others may still work with what nobody gets any more. */
function closeIdle({ retired, users, client }: Shared): void {
  if (retired && users === 0) client.then((each) => each.close()).catch(() => {}); // it is gone already
}
