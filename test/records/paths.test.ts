import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { cacheDir, runDir, serviceDir, stateDir, stepAttemptDir } from '../../src/records/paths.js';

describe('the state folder', () => {
  it('is ORCH_STATE_DIR before all else', () => {
    expect(stateDir({ ORCH_STATE_DIR: '/a', XDG_STATE_HOME: '/b', HOME: '/c' })).toBe('/a');
    expect(cacheDir({ ORCH_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/a');
  });

  it('is in the XDG folder, unless that is relative', () => {
    expect(stateDir({ XDG_STATE_HOME: '/b', HOME: '/c' })).toBe('/b/orch');
    expect(cacheDir({ XDG_CACHE_HOME: '/b', HOME: '/c' })).toBe('/b/orch');
    expect(stateDir({ XDG_STATE_HOME: 'b', HOME: '/c' })).toBe('/c/.local/state/orch');
  });

  it('is in the home folder otherwise', () => {
    expect(stateDir({ HOME: '/c' })).toBe('/c/.local/state/orch');
    expect(cacheDir({ HOME: '/c' })).toBe('/c/.cache/orch');
    expect(stateDir({})).toBe(`${homedir()}/.local/state/orch`);
  });

  it('holds the service and the runs', () => {
    expect(serviceDir('/s')).toBe('/s/service');
    expect(runDir('/s', 'gate-1a2b')).toBe('/s/runs/gate-1a2b');
    expect(stepAttemptDir('/s', 'gate-1a2b', 'build.all_x', 2)).toBe('/s/runs/gate-1a2b/steps/build.all_x/2');
  });
});

describe('an id as a folder name', () => {
  it('keeps no character that a file system minds', () => {
    expect(stepAttemptDir('/s', 'r', 'test[3]', 1)).toBe('/s/runs/r/steps/test%5B3%5D/1');
    expect(runDir('/s', 'a/b c%ü')).toBe('/s/runs/a%2Fb%20c%25%C3%BC');
  });

  it('never leaves its parent folder', () => {
    expect(runDir('/s', '..')).toBe('/s/runs/%2E%2E');
    expect(runDir('/s', '.')).toBe('/s/runs/%2E');
    expect(runDir('/s', '../../etc')).toBe('/s/runs/%2E.%2F..%2Fetc');
  });

  it('is cut where it is too long, and stays unlike others', () => {
    const [one, other] = [runDir('/s', `${'x'.repeat(500)}1`), runDir('/s', `${'x'.repeat(500)}2`)];
    expect(one.length).toBeLessThan(255);
    expect(one).not.toBe(other);
  });
});
