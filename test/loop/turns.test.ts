import { expect, test } from 'vitest';
import { advance, initialState, routerId, turnId } from '../../src/loop/turns.js';
import { configOf } from './sample.js';

test.each(['combined', 'role'])('turns of a loop that is begun anew have names of their own: %s', (mode) => {
  const names = (generation: object): string[] => {
    const first = { ...initialState(), ...generation };
    const second = advance(configOf(`mode: ${mode}\n`), first);
    return [turnId(first), routerId(first), turnId(second), turnId(advance(configOf(`mode: ${mode}\n`), second))];
  };
  expect(names({})).toEqual([
    'iter-00001.supervisor',
    'iter-00001.supervisor.router',
    'iter-00001.main',
    'iter-00002.supervisor',
  ]);
  const all = [{}, { generation: 'a' }, { generation: 'b' }].flatMap(names);
  expect(new Set(all).size).toBe(all.length);
});
