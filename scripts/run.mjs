// `node scripts/run.mjs <command> [arguments]`: what the npm scripts of the root package.json call.
import { bootstrap, reportFailure } from './bootstrap.mjs';
import { commands } from './commands/commands.mjs';

const [name, ...args] = process.argv.slice(2);
const command = commands[name ?? ''];

if (command === undefined) {
  console.error(`Unknown command "${name ?? ''}". There are: ${Object.keys(commands).join(', ')}.`);
  process.exitCode = 2;
} else {
  try {
    if (command.needs !== 'nothing') await bootstrap(command.needs);
    process.exitCode = await command.run(args);
  } catch (error) {
    reportFailure(error);
  }
}
