import { QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { expect, test } from 'vitest';
import { asOrchError, onceItAnswers, withDeadline } from '../../src/client/service-errors.js';

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

const grpcError = (code: number): Error =>
  Object.assign(new Error(`${code} INTERNAL: Received RST_STREAM with code 0`), {
    code,
    details: 'Received RST_STREAM with code 0',
    metadata: {},
  });

test.each([1, 2, 13, 14])(
  'a call that the service ends at its deadline with code %i was not answered',
  async (code) => {
    const connection = { withDeadline: async <T>(_: number | Date, call: () => Promise<T>) => call() };
    const late = withDeadline(connection, 200, async () => {
      await new Promise((resolve) => setTimeout(resolve, 200));
      throw grpcError(code);
    });
    await expect(late.catch((error: unknown) => asOrchError(error))).resolves.toMatchObject({ code: 'no_worker' });
    const early = withDeadline(connection, 60_000, async () => {
      throw grpcError(code);
    });
    await expect(early.catch((error: unknown) => asOrchError(error))).resolves.toMatchObject({
      code: 'service_unreachable',
    });
  },
);

test.each([
  ['workflow execution already completed', 'run_closed'],
  ['workflow update was aborted by closing workflow', 'run_closed'],
  ['workflow not found for ID: r', 'run_not_found'],
])('what the service says of a run that it asks no more ("%s") is %s', (said, code) => {
  expect(asOrchError(new WorkflowNotFoundError(said, 'r', undefined), 'r')).toMatchObject({ code });
});
