#!/usr/bin/env node
import { main } from '../dist/bin/load.js';

process.exitCode = await main(process.argv.slice(2));
