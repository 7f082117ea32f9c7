// What one would write by hand for these steps, and nothing more.
import { proxyActivities } from '@temporalio/workflow';

const { command } = proxyActivities({ startToCloseTimeout: '30 minutes', heartbeatTimeout: '10 seconds' });

export async function handwritten(shape, steps, concurrency) {
  if (shape === 'chain') {
    for (let i = 0; i < steps; i += 1) await command('true', []);
    return;
  }
  let next = 0;
  const lane = async () => {
    while (next < steps) {
      next += 1;
      await command('true', []);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, steps) }, lane));
}
