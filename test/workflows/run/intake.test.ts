import { beforeEach, expect, test } from 'vitest';
import { Intake } from '../../../src/workflows/run/intake.js';

let said: string[];
let busy: boolean;
let intake: Intake;

beforeEach(() => {
  [said, busy] = [[], false];
  intake = new Intake(() => ({
    get busy() {
      return busy;
    },
    flush: () => said.push('carried out'),
  }));
});

const fails = (): void => {
  throw new Error('it cannot');
};

const say = (text: string) => (): void => void said.push(text);

test('what one event brings about is taken in before anything is carried out', () => {
  intake.take(() => {
    say('pause, before')();
    intake.take(say('starts are let go'), say('never'));
    say('pause')();
  }, say('never'));
  expect(said).toEqual(['pause, before', 'starts are let go', 'pause', 'carried out']);
});

test('what comes while short steps are under way is taken in after their ends, in order, and told of that time', async () => {
  busy = true;
  intake.take(say('never'), say('a timer'));
  const asked = intake.inTurn(() => {
    say('a verb')();
    return 'accepted';
  });
  const refused = intake.inTurn(() => {
    throw new Error('refused');
  });
  expect(said).toEqual([]);
  busy = false;
  intake.land(say('ends'));
  expect(said).toEqual(['ends', 'a timer', 'a verb', 'carried out']);
  expect(await asked).toBe('accepted');
  await expect(refused).rejects.toThrow('refused');
});

test('somebody who asks while nothing is under way has the answer at once', () => {
  expect(intake.inTurn(() => 'accepted')).toBe('accepted');
});

test('what cannot be taken in stops only itself', () => {
  expect(() => intake.takeIn(fails)).toThrow('it cannot');
  intake.takeIn(say('the next'));
  expect(said).toEqual(['the next', 'carried out']);
});
