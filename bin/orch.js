#!/usr/bin/env node
import { loadCommand } from './command.js';

await loadCommand().command.main();
