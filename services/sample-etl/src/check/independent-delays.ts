import type { FlightFile } from '../loader/flight-files.js';
import { queryRoutedFlights } from './routed-flights.js';
import type { DelayTable } from './delay-table.js';

/* The service's running counts, asked of the file in one go; with bounds of its own, as all of this second opinion. */
const DELAYS = `
  select origin,
         count(*)::double as flights,
         sum(delay)::double as delay_minutes,
         avg(delay) as mean_delay,
         count(*) filter (delay < 0)::double as early,
         count(*) filter (delay between 0 and 14)::double as on_time,
         count(*) filter (delay between 15 and 59)::double as under_one_hour,
         count(*) filter (delay between 60 and 179)::double as under_three_hours,
         count(*) filter (delay >= 180)::double as longer
  from routed where route in ('on-time', 'late') group by origin`;

/**
 * Count, mean and distribution of the delays of each airport with DuckDB, independently of the service.
 *
 * @throws Error if DuckDB cannot read the file.
 */
export async function delaysIndependently(file: FlightFile, airportsFile?: string): Promise<DelayTable> {
  const rows = await queryRoutedFlights(file, DELAYS, airportsFile);
  return new Map(
    rows.map((row) => [
      String(row['origin']),
      {
        flights: Number(row['flights']),
        delayMinutes: Number(row['delay_minutes']),
        meanDelayMinutes: Number(row['mean_delay']),
        buckets: {
          early: Number(row['early']),
          onTime: Number(row['on_time']),
          underOneHour: Number(row['under_one_hour']),
          underThreeHours: Number(row['under_three_hours']),
          longer: Number(row['longer']),
        },
      },
    ]),
  );
}
