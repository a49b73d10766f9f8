import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { dataDirectory } from '../loader/data-directory.js';
import type { FlightFile } from '../loader/flight-files.js';

/*
 * The second opinion: DuckDB reads the same file and counts what the service should find. The rules are written here
 * again, in SQL and with their own numbers, on purpose: nothing is shared with the service or with the loader but the
 * file, so a mistake in either shows as a difference.
 *
 *   position 249, 499, ...  spoiled by the loader          -> unreadable
 *   position 12, 37, ...    cancelled by the loader        -> cancelled, if the rest of it is in order
 *   no such date, airports not listed, origin = destination, distance more than 10 % + 25 miles off the great circle,
 *   more than 180 minutes early or 48 hours late           -> unreadable
 *   15 minutes or more behind schedule                     -> late
 */
const ROUTED = `
  create table routed as
  select
    case
      when position % 250 = 249 then 'unreadable'
      when f.departure is null then 'unreadable'
      when o.iata is null or d.iata is null or o.iata = d.iata then 'unreadable'
      when abs(f.distance - miles_apart) > miles_apart / 10 + 25 then 'unreadable'
      when position % 25 = 12 then 'cancelled'
      when f.delay not between -180 and 2880 then 'unreadable'
      when f.delay >= 15 then 'late'
      else 'on-time'
    end as route,
    f.origin as origin,
    f.delay as delay
  from numbered f
    left join airports o on o.iata = f.origin
    left join airports d on d.iata = f.destination
    left join lateral (
      select 2 * 3958.8 * asin(sqrt(
        pow(sin(radians(d.latitude - o.latitude) / 2), 2)
        + cos(radians(o.latitude)) * cos(radians(d.latitude)) * pow(sin(radians(d.longitude - o.longitude) / 2), 2)
      )) as miles_apart
    ) on true`;

/**
 * Asks DuckDB about the flights of a file. The table `routed` has a row for each: `route`, `origin` and `delay`.
 *
 * @throws Error if DuckDB cannot read the file.
 */
export async function queryRoutedFlights(
  file: FlightFile,
  query: string,
  airportsFile = join(dataDirectory(), 'airports.csv'),
): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(`create table airports as select * from read_csv($path, header = true)`, {
      path: airportsFile,
    });
    await createNumberedFlights(connection, file);
    await connection.run(ROUTED);
    const result = await connection.runAndReadAll(query);
    return result.getRowObjectsJS();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const JSON_SHAPE =
  '[{"date":"VARCHAR","delay":"BIGINT","distance":"BIGINT","origin":"VARCHAR","destination":"VARCHAR"}]';

/** `numbered`: the rows of the set with their position in it, counted from 0. */
async function createNumberedFlights(connection: DuckDBConnection, file: FlightFile): Promise<void> {
  const rows =
    file.format === 'parquet'
      ? `select file_row_number as row_number, date as departure, delay, distance, origin, destination
         from read_parquet($path, file_row_number = true)`
      : `select row_number, try_strptime(date, '%Y/%m/%d %H:%M') as departure, * exclude (row_number, date)
         from (
           select generate_subscripts(flights, 1) - 1 as row_number, unnest(flights, recursive := true)
           from (select from_json(content, '${JSON_SHAPE}') as flights from read_text($path))
         )`;
  await connection.run(
    `create table numbered as
     select row_number // $step as position, departure, delay, distance, origin, destination
     from (${rows}) where row_number % $step = 0`,
    { path: file.path, step: file.everyNthRow },
  );
}
