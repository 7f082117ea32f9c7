import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { LOOPBACK } from '../../service/ports.js';
import type { CliContext } from '../context.js';
import { UsageError } from '../errors.js';
import { proxyAccess, type Access } from './access.js';

/** How `orch ui` is told of a proxy in front of it. */
export interface ProxyFlags {
  listen?: string;
  origin?: string;
  userHeader?: string;
  proxySecretFile?: string;
}

/** Characters of a secret that cannot be guessed. */
const LEAST_SECRET = 32;

/**
 * Who may use a page that is behind a proxy, and where it listens; undefined where none was named.
 *
 * @throws UsageError where something is missing: half of it would let everybody in
 */
export function behindProxy(
  context: CliContext,
  flags: ProxyFlags,
): { access: Access; host: string; url: string } | undefined {
  const { listen, userHeader } = flags;
  if (userHeader === undefined) {
    const alone = [
      listen !== undefined && '--listen',
      flags.origin !== undefined && '--origin',
      flags.proxySecretFile !== undefined && '--proxy-secret-file',
    ].find((option) => option !== false);
    if (alone === undefined) return undefined;
    throw new UsageError(
      `${alone}: without --user-header the page is for this machine only`,
      'name the header by which your proxy says who asks: --user-header X-Auth-Request-Email',
    );
  }
  if (!/^[A-Za-z0-9-]{1,100}$/.test(userHeader)) {
    throw new UsageError(`--user-header ${userHeader}: this is not the name of a header`);
  }
  if (listen !== undefined && isIP(listen) === 0) {
    throw new UsageError(`--listen ${listen}: give an IP address of this machine, or 0.0.0.0 for all`);
  }
  const origin = readOrigin(flags.origin ?? context.env['ORCH_UI_ORIGIN']);
  const secret = readSecret(context, flags.proxySecretFile);
  return {
    access: proxyAccess({ origin, userHeader: userHeader.toLowerCase(), secret }),
    host: listen ?? LOOPBACK,
    url: `${origin.origin}/`,
  };
}

function readOrigin(text: string | undefined): URL {
  const hint = 'name the address at which people open the page: --origin https://orch.example.com';
  if (text === undefined) throw new UsageError('--user-header: --origin is missing', hint);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href;
  if (!isOrigin) throw new UsageError(`--origin ${text}: this is not an origin`, hint);
  return url;
}

function readSecret({ env, cwd }: CliContext, file: string | undefined): string {
  const secret = (file === undefined ? env['ORCH_UI_PROXY_SECRET'] : readText(path.resolve(cwd, file), file))?.trim();
  if (secret === undefined) {
    throw new UsageError(
      '--user-header: the secret of the proxy is missing',
      'write one into a file (openssl rand -hex 32), and name it: --proxy-secret-file FILE; or set ORCH_UI_PROXY_SECRET',
    );
  }
  if (secret.length >= LEAST_SECRET && /^[!-~]+$/.test(secret)) return secret;
  throw new UsageError(
    `the secret of the proxy must have at least ${LEAST_SECRET} printable characters and no blanks`,
    'openssl rand -hex 32 makes one',
  );
}

function readText(file: string, named: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--proxy-secret-file ${named}: ${(error as Error).message}`);
  }
}
