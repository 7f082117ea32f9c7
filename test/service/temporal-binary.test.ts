import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTemporalBinary, type FindBinaryOptions } from '../../src/service/temporal-binary.js';
import { cleanUp, fakeTemporal, script, temporaryFolder, versionLine } from './rig.js';

/** Nobody listens there. */
const NO_DOWNLOAD = 'http://127.0.0.1:9';

let folder: string;
let env: Record<string, string>;
let progress: string[];

beforeEach(() => {
  folder = temporaryFolder();
  env = { PATH: [join(folder, 'one'), join(folder, 'two')].join(':'), ORCH_CACHE_DIR: join(folder, 'cache') };
  progress = [];
});
afterEach(cleanUp);

function find(options: Partial<FindBinaryOptions> = {}) {
  return findTemporalBinary({
    env,
    downloadOrigin: NO_DOWNLOAD,
    onProgress: (line) => progress.push(line),
    ...options,
  });
}

describe('the search for Temporal', () => {
  it('takes ORCH_TEMPORAL_CLI before anything else', async () => {
    fakeTemporal(join(folder, 'one'), '1.6.0', '1.30.0');
    env.ORCH_TEMPORAL_CLI = fakeTemporal(join(folder, 'own'), '1.5.1', '1.29.1');
    expect(await find()).toEqual({
      path: join(folder, 'own', 'temporal'),
      version: { cli: '1.5.1', server: '1.29.1' },
      source: 'ORCH_TEMPORAL_CLI',
    });
    expect(progress).toEqual([]);
  });

  it('tries nothing in place of an ORCH_TEMPORAL_CLI that does not run', async () => {
    fakeTemporal(join(folder, 'one'), '1.5.1', '1.29.1');
    env.ORCH_TEMPORAL_CLI = join(folder, 'absent');
    await expect(find()).rejects.toMatchObject({ code: 'temporal_unusable' });
    env.ORCH_TEMPORAL_CLI = script(folder, 'other', 'echo "GNU something 3.1"');
    await expect(find()).rejects.toThrow(
      `ORCH_TEMPORAL_CLI cannot be used: ${join(folder, 'other')}: it is not Temporal's command line program`,
    );
  });

  it('takes PATH before the cache, and passes over what is broken, foreign or too old', async () => {
    script(join(folder, 'one'), 'temporal', 'exit 3');
    fakeTemporal(join(folder, 'two'), '0.10.0', '1.22.0');
    fakeTemporal(join(folder, 'cache', 'bin'), '1.5.1', '1.29.1', 'temporal-1.5.1');
    expect(await find()).toMatchObject({ path: join(folder, 'cache', 'bin', 'temporal-1.5.1'), source: 'cache' });
    const [one, two] = [join(folder, 'one', 'temporal'), join(folder, 'two', 'temporal')];
    expect(progress).toEqual([
      `skipping ${one}: it does not run: Command failed: ${one} --version`,
      `skipping ${two}: it is too old: server 1.22.0, at least 1.27.0 is needed`,
    ]);
    fakeTemporal(join(folder, 'two'), '1.5.1', '1.29.1');
    expect(await find()).toMatchObject({ path: two, source: 'PATH' });
  });

  it('names every way where nothing is found', async () => {
    const error = await find().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'temporal_not_found' });
    expect((error as Error).message).toContain('go install: Go is not on PATH');
    expect((error as Error).message).toContain('download: 127.0.0.1:9 cannot be reached');
    expect((error as { hint: string }).hint).toBe(
      'any of these works: set ORCH_TEMPORAL_CLI to it; put temporal on PATH (https://docs.temporal.io/cli); ' +
        'let orch download it or build it with Go (orch up); ' +
        'or build it yourself: go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
    );
  });

  it('neither downloads nor builds where that is not wanted', async () => {
    script(join(folder, 'one'), 'go', 'exit 1');
    await expect(find({ install: false })).rejects.toMatchObject({ code: 'temporal_not_found' });
    expect(progress).toEqual([]);
  });
});

describe('a database that was opened before', () => {
  const recorded = { cli: '1.5.1', server: '1.29.1' };

  it('makes the search pass over other versions and go on', async () => {
    fakeTemporal(join(folder, 'one'), '1.6.0', '1.30.0');
    fakeTemporal(join(folder, 'two'), '0.0.0-DEV', '1.29.1');
    expect(await find({ recorded })).toMatchObject({ path: join(folder, 'two', 'temporal') });
    expect(progress).toEqual([`skipping ${join(folder, 'one', 'temporal')}: it is 1.6.0 (server 1.30.0)`]);
  });

  it('is refused where only other versions are found, with the way to the right one', async () => {
    fakeTemporal(join(folder, 'one'), '1.6.0', '1.30.0');
    const error = await find({ recorded }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'temporal_version_mismatch',
      hint:
        'get Temporal 1.5.1 and set ORCH_TEMPORAL_CLI to it; ' +
        'it can be built: go install github.com/temporalio/cli/cmd/temporal@v1.5.1',
    });
    expect((error as Error).message).toContain('first opened by Temporal 1.5.1 (server 1.29.1)');
  });

  it('is refused to an ORCH_TEMPORAL_CLI of another version', async () => {
    env.ORCH_TEMPORAL_CLI = fakeTemporal(join(folder, 'own'), '1.6.0', '1.30.0');
    await expect(find({ recorded })).rejects.toMatchObject({ code: 'temporal_version_mismatch' });
  });
});

describe('building by Go', () => {
  it('happens once for two starts at once, and the cache has it afterwards', async () => {
    const log = join(folder, 'builds');
    script(
      join(folder, 'one'),
      'go',
      `echo "$@" >>'${log}'`,
      `printf '#!/bin/sh\\n%s\\n' '${versionLine('1.5.1', '1.29.1')}' >"$GOBIN/temporal"`,
    );
    const found = await Promise.all([find(), find()]);
    const path = join(folder, 'cache', 'bin', 'temporal-1.5.1');
    for (const binary of found) expect(binary).toMatchObject({ path, version: { cli: '1.5.1', server: '1.29.1' } });
    const flags = '-ldflags -s -w -X github.com/temporalio/cli/temporalcli.Version=1.5.1';
    expect(readFileSync(log, 'utf8')).toBe(`install ${flags} github.com/temporalio/cli/cmd/temporal@v1.5.1\n`);
    expect(progress).toContain('building Temporal 1.5.1 with Go; this happens once and takes a few minutes (0 s)');
    expect(readdirSync(join(folder, 'cache', 'bin'))).toEqual(['temporal-1.5.1']);
    expect(await find()).toMatchObject({ path, source: 'cache' });
  });

  it('leaves nothing behind where it fails', async () => {
    script(join(folder, 'one'), 'go', 'echo "no space left" >&2', 'exit 1');
    await expect(find()).rejects.toThrow('go install: go install failed: no space left');
    expect(readdirSync(join(folder, 'cache', 'bin'))).toEqual([]);
  });
});

describe("Temporal's download", () => {
  let server: Server;
  let origin: string;
  let archive: Buffer;
  const asked: string[] = [];

  beforeEach(async () => {
    fakeTemporal(folder, '1.5.1', '1.29.1');
    execFileSync('tar', ['-czf', join(folder, 'a.tar.gz'), '-C', folder, 'temporal']);
    archive = readFileSync(join(folder, 'a.tar.gz'));
    server = createServer((request, response) => {
      asked.push(request.url ?? '');
      if (request.url?.startsWith('/a.tar.gz')) return response.end(archive);
      return response.end(JSON.stringify({ archiveUrl: `${origin}/a.tar.gz`, fileToExtract: 'temporal' }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  it('is unpacked, tried and kept in the cache', async () => {
    const path = join(folder, 'cache', 'bin', 'temporal-1.5.1');
    expect(await find({ downloadOrigin: origin })).toMatchObject({ path, source: 'download' });
    expect(asked[0]).toMatch(/^\/cli\/v1\.5\.1\?arch=(amd64|arm64)&platform=(linux|darwin)&format=tar\.gz$/);
    expect(readdirSync(join(folder, 'cache', 'bin'))).toEqual(['temporal-1.5.1']);
  });

  it('is passed over where it comes damaged', async () => {
    archive = archive.subarray(0, archive.length - 20);
    await expect(find({ downloadOrigin: origin })).rejects.toMatchObject({ code: 'temporal_not_found' });
    expect(readdirSync(join(folder, 'cache', 'bin'))).toEqual([]);
  });
});
