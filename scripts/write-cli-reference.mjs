// Writes docs/cli-reference.md from the commands themselves. Needs a build.
import { writeFileSync } from 'node:fs';
import { commandTree } from '../dist/cli/program.js';
import { cliReference } from '../dist/cli/reference/page.js';

writeFileSync(new URL('../docs/cli-reference.md', import.meta.url), cliReference(commandTree()));
