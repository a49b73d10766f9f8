import type { RawFlight } from '../flights/flight.js';

/** How a spoiled record is spoiled. Each makes the record unreadable. */
export const SPOILINGS = [
  'malformed-json',
  'missing-field',
  'wrong-type',
  'impossible-delay',
  'impossible-distance',
  'impossible-date',
  'unknown-airport',
  'empty',
] as const;
export type Spoiling = (typeof SPOILINGS)[number];

/** What the loader does to a flight before it writes it. */
export type Treatment = Spoiling | 'cancelled' | 'untidy' | 'unchanged';

/** Record 249, 499, 749, ... of the file (counted from 0) is spoiled, each time in the next of the eight ways. */
export const SPOIL_EVERY = 250;
/** Record 12, 37, 62, ... becomes a cancelled flight. About as many (4 %) were cancelled in the USA in 2001. */
export const CANCEL_EVERY = 25;
export const CANCEL_AT = 12;
/** Record 61, 161, 261, ... is written untidily (numbers as text, codes in lower case), but can be read. */
export const UNTIDY_EVERY = 100;
export const UNTIDY_AT = 61;

/** What happens to the flight at this position of the file, counted from 0. The same in every run. */
export function treatmentOf(index: number): Treatment {
  if (index % SPOIL_EVERY === SPOIL_EVERY - 1) {
    return SPOILINGS[Math.floor(index / SPOIL_EVERY) % SPOILINGS.length] ?? 'malformed-json';
  }
  if (index % CANCEL_EVERY === CANCEL_AT) return 'cancelled';
  return index % UNTIDY_EVERY === UNTIDY_AT ? 'untidy' : 'unchanged';
}

/** The value to write for a flight: JSON text, or `null` for a record without a value. */
export function treatedValue(flight: RawFlight, treatment: Treatment): string | null {
  switch (treatment) {
    case 'unchanged':
      return JSON.stringify(flight);
    case 'cancelled':
      return JSON.stringify({ ...flight, delay: null });
    case 'untidy':
      return JSON.stringify({
        ...flight,
        delay: String(flight.delay),
        distance: ` ${flight.distance}`,
        origin: flight.origin.toLowerCase(),
        destination: `${flight.destination.toLowerCase()} `,
      });
    case 'malformed-json':
      return JSON.stringify(flight).slice(0, -20);
    case 'missing-field':
      return JSON.stringify({ ...flight, destination: undefined });
    case 'wrong-type':
      return JSON.stringify({ ...flight, delay: 'n/a' });
    case 'impossible-delay':
      return JSON.stringify({ ...flight, delay: 99_999 });
    case 'impossible-distance':
      return JSON.stringify({ ...flight, distance: -flight.distance });
    case 'impossible-date':
      return JSON.stringify({ ...flight, date: `${flight.date.slice(0, 4)}/02/31 25:00` });
    case 'unknown-airport':
      return JSON.stringify({ ...flight, origin: '???' });
    case 'empty':
      return null;
  }
}
