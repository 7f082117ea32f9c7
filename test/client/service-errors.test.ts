import { QueryNotRegisteredError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { onceItAnswers } from '../../src/client/service-errors.js';

const tooEarly = (): QueryNotRegisteredError => new QueryNotRegisteredError('no handler for progress', 3);

test('a run that has not begun to answer is asked again', async () => {
  let asked = 0;
  const answer = await onceItAnswers(async () => {
    asked += 1;
    if (asked < 3) throw tooEarly();
    return 'progress';
  });
  expect([answer, asked]).toEqual(['progress', 3]);
});

test('any other failure is told at once', async () => {
  let asked = 0;
  const query = async (): Promise<never> => {
    asked += 1;
    throw new Error('something else');
  };
  await expect(onceItAnswers(query)).rejects.toThrow('something else');
  expect(asked).toBe(1);
});
