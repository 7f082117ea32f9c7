import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { REPO } from '../support/cli.js';

interface Service {
  image: string;
  build?: string;
  restart?: string;
  environment?: Record<string, string>;
  volumes?: string[];
  ports?: string[];
  networks?: string[];
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number };
  depends_on?: Record<string, { condition: string }>;
  deploy?: { replicas?: unknown; resources?: { limits: Record<string, unknown> } };
  security_opt?: string[];
  cap_drop?: string[];
  read_only?: boolean;
  tmpfs?: string[];
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, { internal?: boolean } | null>;
}

const text = read('docker-compose.yml');
const compose = parse(text) as Compose;
const services = Object.entries(compose.services);
const dockerfile = read('Dockerfile');

/** Services that do their work and end; what needs them waits for that. */
const JOBS = ['schema', 'namespace'];
const SQL_PASSWORD = '${POSTGRES_PASSWORD:?set it in .env}';

describe('docker-compose.yml', () => {
  it('has the database, its schema, the server, its namespace, the Web UI and workers', () => {
    expect(Object.keys(compose.services)).toEqual(['postgres', 'schema', 'temporal', 'namespace', 'ui', 'worker']);
  });

  it.each(services)('pins the image of %s to a version', (_name, service) => {
    expect(service.image).toMatch(/^[a-z0-9/-]+:\d+\.\d+[\w.-]*$/);
  });

  it('takes the same Temporal version for the server, the schema and the namespace', () => {
    const versions = ['temporal', 'schema', 'namespace'].map((name) => /:(\d+\.\d+\.\d+)/.exec(imageOf(name))?.[1]);
    expect(versions).toEqual(['1.29.1', '1.29.1', '1.29.1']);
  });

  it('names the version of the package for the image that it builds', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(imageOf('worker')).toBe(`orch-worker:${version}`);
  });

  it('holds no password: each comes from .env, and compose refuses to start without it', () => {
    const secrets = services.flatMap(([, service]) =>
      Object.entries(service.environment ?? {}).filter(([name]) => /PASSWORD|PWD|SECRET|TOKEN/.test(name)),
    );
    expect(secrets).toEqual([
      ['POSTGRES_PASSWORD', SQL_PASSWORD],
      ['SQL_PASSWORD', SQL_PASSWORD],
      ['POSTGRES_PWD', SQL_PASSWORD],
    ]);
    expect(read('.env.example')).toMatch(/^POSTGRES_PASSWORD=$/m);
  });

  it('publishes ports on this machine only', () => {
    const ports = services.flatMap(([, service]) => service.ports ?? []);
    expect(ports).toEqual(['127.0.0.1:${TEMPORAL_PORT:-7233}:7233', '127.0.0.1:${TEMPORAL_UI_PORT:-8080}:8080']);
  });

  it.each(services.filter(([name]) => !JOBS.includes(name)))(
    'restarts %s, and knows whether it is healthy',
    (name, service) => {
      expect(service.restart).toBe('unless-stopped');
      if (name === 'worker') return expect(dockerfile).toMatch(/^HEALTHCHECK .*CMD \["orch", "doctor"\]$/m);
      expect(service.healthcheck).toMatchObject({
        test: expect.arrayContaining([expect.stringMatching(/^CMD/)]),
        interval: expect.stringMatching(/^\d+s$/),
        timeout: expect.stringMatching(/^\d+s$/),
        retries: expect.any(Number),
      });
    },
  );

  it.each(JOBS)('tries %s again a few times, not for ever', (name) => {
    expect(compose.services[name]!.restart).toBe('on-failure:5');
  });

  it('waits for what can be waited for: health of services, the end of jobs', () => {
    const waits = services.flatMap(([name, service]) =>
      Object.entries(service.depends_on ?? {}).map(([on, { condition }]) => `${name} ${on} ${condition}`),
    );
    expect(waits).toEqual([
      'schema postgres service_healthy',
      'temporal postgres service_healthy',
      'temporal schema service_completed_successfully',
      'namespace temporal service_healthy',
      'ui temporal service_healthy',
      'worker temporal service_healthy',
      'worker namespace service_completed_successfully',
    ]);
    for (const [, on, condition] of waits.map((wait) => wait.split(' '))) {
      const service = compose.services[on!];
      if (condition === 'service_healthy') expect(service?.healthcheck).toBeDefined();
      else expect(JOBS).toContain(on);
    }
  });

  it('keeps the database, the logs and the work of steps in named volumes that are declared', () => {
    const mounts = services.flatMap(([, service]) => service.volumes ?? []);
    const named = mounts.filter((mount) => !mount.startsWith('.')).map((mount) => mount.split(':')[0]);
    expect(named).toEqual(Object.keys(compose.volumes));
    expect(compose.services['postgres']!.volumes).toEqual(['postgres-data:/var/lib/postgresql/data']);
  });

  it('mounts files that exist, read-only', () => {
    const mounts = services.flatMap(([, service]) => service.volumes ?? []).filter((mount) => mount.startsWith('.'));
    expect(mounts).toHaveLength(3);
    for (const mount of mounts) {
      const [source, target, mode] = mount.split(':');
      expect(existsSync(path.join(REPO, source!)), source).toBe(true);
      expect(mode, target).toBe('ro');
    }
  });

  it('keeps workers, which run other people’s commands, off the network of the database', () => {
    expect(compose.networks['database']).toEqual({ internal: true });
    const inside = services.filter(([, service]) => service.networks?.includes('database')).map(([name]) => name);
    expect(inside).toEqual(['postgres', 'schema', 'temporal']);
  });

  it.each(services)('bounds what %s takes of the machine, and lets it gain no rights', (_name, service) => {
    expect(Object.keys(service.deploy?.resources?.limits ?? {})).toEqual(['cpus', 'memory', 'pids']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
  });

  it('lets steps and the database write to their volumes and to memory only', () => {
    const { worker, postgres } = compose.services;
    expect([worker!.read_only, worker!.tmpfs, worker!.cap_drop]).toEqual([
      true,
      ['/tmp', '/home/node:uid=1000,gid=1000,mode=0700'],
      ['ALL'],
    ]);
    expect([postgres!.read_only, postgres!.tmpfs]).toEqual([true, ['/tmp', '/var/run/postgresql']]);
  });

  it('can run several workers', () => {
    const worker = compose.services['worker']!;
    expect(worker.deploy?.replicas).toBe('${ORCH_WORKERS:-1}');
    expect(worker).not.toHaveProperty('container_name');
    expect(worker).not.toHaveProperty('ports');
    expect(worker.security_opt).toEqual(['no-new-privileges:true']);
  });
});

describe('docker/dynamicconfig.yaml', () => {
  it('is a map from setting to constrained values, and is the file that the server is pointed at', () => {
    const settings = parse(read('docker/dynamicconfig.yaml')) as Record<string, { value: unknown }[]>;
    expect(Object.entries(settings).map(([name, [first]]) => [name, first?.value])).toEqual([
      ['history.transferProcessorMaxPollRPS', 2000],
      ['history.timerProcessorMaxPollRPS', 2000],
      ['history.timerProcessorMaxTimeShift', '10ms'],
      ['system.enableActivityEagerExecution', true],
      ['history.maximumBufferedEventsBatch', 10_000],
      ['frontend.enableServerVersionCheck', false],
    ]);
    const { environment, volumes } = compose.services['temporal']!;
    expect(volumes).toEqual([`./docker/dynamicconfig.yaml:${environment!['DYNAMIC_CONFIG_FILE_PATH']}:ro`]);
  });
});

describe('Dockerfile', () => {
  const stages = dockerfile.split(/^FROM /m).slice(1);

  it('builds in one stage and runs in another, on the Node that the package asks for, pinned', () => {
    expect(stages.map((stage) => stage.split('\n', 1)[0])).toEqual([
      'node:20.20-bookworm-slim AS build',
      'node:20.20-bookworm-slim',
    ]);
    expect(stages[1]).not.toMatch(/npm (ci|install)/);
  });

  it('runs a worker under an init, not as root', () => {
    const last = stages[1]!.trim().split('\n');
    expect(last.filter((line) => /^(USER|ENTRYPOINT|CMD) /.test(line))).toEqual([
      'USER node',
      'ENTRYPOINT ["tini", "--"]',
      'CMD ["orch", "worker"]',
    ]);
  });

  it('brings what steps commonly call', () => {
    const installed = /apt-get install --yes --no-install-recommends (.*) \\/.exec(dockerfile)?.[1];
    expect(installed?.split(' ')).toEqual(['bash', 'ca-certificates', 'curl', 'git', 'openssh-client', 'tini']);
  });

  it('copies only what .dockerignore lets through, and never .env', () => {
    const ignore = read('.dockerignore').trim().split('\n');
    expect(ignore[0]).toBe('*');
    expect(ignore.slice(1).every((line) => /^![a-z-]+(\.json)?$/.test(line))).toBe(true);
    for (const name of ['package.json', 'package-lock.json', 'tsconfig.json', 'bin', 'scripts', 'schemas', 'src']) {
      expect(ignore).toContain(`!${name}`);
    }
  });
});

it('is packed with what it mounts and is set up by', () => {
  const { files } = JSON.parse(read('package.json')) as { files: string[] };
  const mounted = Object.values(compose.services).flatMap(({ volumes = [] }) =>
    volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':')[0]!.slice(2)),
  );
  expect(mounted.length).toBeGreaterThan(0);
  const isPacked = (file: string): boolean => files.some((each) => file === each || file.startsWith(`${each}/`));
  expect([...mounted, 'docker-compose.yml', '.env.example'].filter((file) => !isPacked(file))).toEqual([]);
});

function read(file: string): string {
  return readFileSync(path.join(REPO, file), 'utf8');
}

function imageOf(name: string): string {
  return compose.services[name]!.image;
}
