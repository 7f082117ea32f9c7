#!/usr/bin/env node
'use strict';
const { loadCommand } = require('./command.js');

loadCommand().command.main();
