#!/usr/bin/env node
'use strict';
const { existsSync } = require('node:fs');
const { FILE, loadCommand } = require('./command.js');

if (existsSync(FILE)) loadCommand().command.main();
else {
  process.stderr.write(`error: this checkout of orch has not been built: ${FILE} is missing\n  hint: npm run build\n`);
  process.exitCode = 3; // as where the service cannot be used
}
