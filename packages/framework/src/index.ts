export { StreamsError } from './errors/streams-error.js';
