// The thread of the embedded worker that workflows run in.
'use strict';
const path = require('node:path');
const { runToStay } = require('./compiled.js');

runToStay(path.join(__dirname, '..', 'dist', 'bin', 'workflow-thread.cjs'));
