import { realpathSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { serve } from './serve.mjs';
import { layersOf } from './work.mjs';

const SERVICE = fileURLToPath(new URL('restate-service.mjs', import.meta.url));
const CALL = fileURLToPath(new URL('restate-call.mjs', import.meta.url));

/** Where the server that this starts is asked to run something, and where it hears of services: its defaults. */
const PORTS = { ingress: 8080, admin: 9070, service: 9080 };

/**
 * Restate, with a service in TypeScript; `@restatedev/restate-sdk` is to be installed where the server is. A layer begins when the
 * one above has ended.
 */
export const restate = {
  name: 'restate',
  needs: 'restate-server',
  async serve({ command, folder }) {
    const sdk = createRequire(realpathSync(command)).resolve('@restatedev/restate-sdk');
    const server = await serve(command, ['--base-dir', path.join(folder, 'data')], {
      cwd: folder,
      env: { DO_NOT_TRACK: '1', RUST_LOG: 'info' },
      ready: /Admin API listening|Partition \d+ started|[Cc]luster .*provisioned/,
    });
    const service = await serve(process.execPath, [SERVICE, sdk, String(PORTS.service)], {
      cwd: folder,
      ready: /ready/,
    });
    await serve(process.execPath, [CALL, 'register', JSON.stringify(PORTS)], { cwd: folder, ready: /registered/ });
    return {
      pids: [...server.pids, ...service.pids],
      async close() {
        await service.close();
        await server.close();
      },
    };
  },
  prepare({ folder, shape }) {
    const file = path.join(folder, 'work.json');
    writeFileSync(file, JSON.stringify({ layers: layersOf(shape), concurrency: shape.concurrency }));
    return { file: process.execPath, args: [CALL, 'run', JSON.stringify(PORTS), file] };
  },
};
