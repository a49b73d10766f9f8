import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { RawFlight } from '../flights/flight.js';
import { dataDirectory } from './data-directory.js';

/** Sizes that the loader offers. */
export const FLIGHT_SETS = ['2k', '20k', '200k', '3m'] as const;
export type FlightSet = (typeof FLIGHT_SETS)[number];

/** Flights of each set. */
export const RECORDS_OF_SET: Readonly<Record<FlightSet, number>> = {
  '2k': 2000,
  '20k': 20_000,
  '200k': 200_000,
  '3m': 3_000_000,
};

/** A file of flights with all five fields, and which of its rows belong to the set. */
export interface FlightFile {
  readonly path: string;
  readonly format: 'json' | 'parquet';
  /** Rows 0, n, 2n, ... are taken. */
  readonly everyNthRow: number;
}

/**
 * The file behind a set. The published `flights-200k.json` has neither dates nor airports, only delay, distance and hour,
 * and cannot be routed: the set of 200,000 is every fifteenth row of the file of three million instead.
 */
export function flightFile(set: FlightSet, directory = dataDirectory()): FlightFile {
  switch (set) {
    case '2k':
    case '20k':
      return { path: join(directory, `flights-${set}.json`), format: 'json', everyNthRow: 1 };
    case '200k':
      return { path: join(directory, 'flights-3m.parquet'), format: 'parquet', everyNthRow: 15 };
    case '3m':
      return { path: join(directory, 'flights-3m.parquet'), format: 'parquet', everyNthRow: 1 };
  }
}

/** Reads the flights of a file in its order, in pieces of a few thousand. */
export async function* readFlights(file: FlightFile): AsyncGenerator<readonly RawFlight[]> {
  if (file.format === 'json') {
    const flights = JSON.parse(await readFile(file.path, 'utf8')) as RawFlight[];
    yield flights.filter((_, index) => index % file.everyNthRow === 0);
  } else {
    yield* readParquet(file);
  }
}

async function* readParquet(file: FlightFile): AsyncGenerator<readonly RawFlight[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const result = await connection.stream(
      `select strftime(date, '%Y/%m/%d %H:%M') as date, delay::integer as delay, distance::integer as distance,
              origin, destination
       from read_parquet($path, file_row_number = true)
       where file_row_number % $everyNthRow = 0
       order by file_row_number`,
      { path: file.path, everyNthRow: file.everyNthRow },
    );
    for await (const rows of result.yieldRowObjects()) yield rows as unknown as RawFlight[];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
