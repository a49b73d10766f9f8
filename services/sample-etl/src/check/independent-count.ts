import type { FlightFile } from '../loader/flight-files.js';
import { ROUTES, type Route, type RouteCount, type RouteCounts } from './route-counts.js';
import { queryRoutedFlights } from './routed-flights.js';

const COUNTED = `
  select route, count(*)::double as records,
         coalesce(sum(delay) filter (route in ('on-time', 'late')), 0)::double as delay_minutes
  from routed group by route`;

/**
 * Counts the flights of a file per route with DuckDB, independently of the service.
 *
 * @throws Error if DuckDB cannot read the file.
 */
export async function countIndependently(file: FlightFile, airportsFile?: string): Promise<RouteCounts> {
  return toRouteCounts(await queryRoutedFlights(file, COUNTED, airportsFile));
}

function toRouteCounts(rows: readonly Record<string, unknown>[]): RouteCounts {
  const counts = new Map(
    rows.map((row): [unknown, RouteCount] => [
      row['route'],
      { records: Number(row['records']), delayMinutes: Number(row['delay_minutes']) },
    ]),
  );
  const entries = ROUTES.map((route): [Route, RouteCount] => [
    route,
    counts.get(route) ?? { records: 0, delayMinutes: 0 },
  ]);
  return Object.fromEntries(entries) as Record<Route, RouteCount>;
}
