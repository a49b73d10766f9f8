#!/usr/bin/env node
import { main } from '../dist/bin/service.js';

await main();
