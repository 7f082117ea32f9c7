import { expect, test } from 'vitest';
import { addressOf } from '../../src/cli/loop/loop-id.js';

test.each([
  ['git@github.com:owner/repo.git', 'github.com/owner/repo'],
  ['https://github.com/owner/repo', 'github.com/owner/repo'],
  ['https://user@GitHub.com/owner/repo.git/', 'github.com/owner/repo'],
  ['ssh://git@github.com:22/owner/repo.git', 'github.com/owner/repo'],
  ['/srv/git/repo.git', '/srv/git/repo'],
  ['file:///srv/git/repo.git', '/srv/git/repo'],
  ['https://github.com/Owner/repo', 'github.com/Owner/repo'],
])('%s is the repository %s', (url, address) => expect(addressOf(url)).toBe(address));
