import { UnreadableFlightError } from './unreadable-flight-error.js';

const DEPARTURE = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d)$/;

/**
 * Turns `2001/01/31 23:59` into `2001-01-31T23:59:00`.
 * @throws UnreadableFlightError if the text has another form or no calendar has that day.
 */
export function readDeparture(text: string): string {
  departureMs(text);
  return `${text.slice(0, 4)}-${text.slice(5, 7)}-${text.slice(8, 10)}T${text.slice(11)}:00`;
}

/**
 * The departure as milliseconds since the epoch. The data give local times without a zone; they are taken as UTC, so that
 * their order within an airport is kept.
 * @throws UnreadableFlightError if the text has another form or no calendar has that day.
 */
export function departureMs(text: string): number {
  const match = DEPARTURE.exec(text);
  if (match === null) {
    throw new UnreadableFlightError('impossible-date', `'${text}' is not written as 2001/01/31 23:59`);
  }
  const [year, month, day, hour, minute] = match.slice(1).map(Number) as [number, number, number, number, number];
  const time = Date.UTC(year, month - 1, day, hour, minute);
  const back = new Date(time);
  // Date.UTC rolls 31 February over into March and takes years below 100 for the 1900s: then the parts differ.
  const exists =
    back.getUTCFullYear() === year &&
    back.getUTCMonth() === month - 1 &&
    back.getUTCDate() === day &&
    back.getUTCHours() === hour &&
    back.getUTCMinutes() === minute;
  if (!exists) throw new UnreadableFlightError('impossible-date', `there is no ${text}`);
  return time;
}
