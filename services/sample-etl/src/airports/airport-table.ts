import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dataDirectory } from '../loader/data-directory.js';
import { parseCsv } from './parse-csv.js';

export interface Airport {
  /** Code as used by the flights, e.g. `LAX`. */
  readonly code: string;
  readonly name: string;
  readonly city: string;
  readonly state: string;
  /** Degrees north. */
  readonly latitude: number;
  /** Degrees east. */
  readonly longitude: number;
}

const EARTH_RADIUS_MILES = 3958.8;
const RADIANS_PER_DEGREE = Math.PI / 180;

/** The airports of the United States by code. Read once at start; immutable. */
export class AirportTable {
  private readonly byCode: ReadonlyMap<string, Airport>;
  private readonly distances = new Map<string, number>();

  constructor(airports: Iterable<Airport>) {
    this.byCode = new Map(Array.from(airports, (airport) => [airport.code, airport]));
  }

  /**
   * Reads `airports.csv` of the package vega-datasets, or another file with the same columns.
   * @throws Error if the file is missing or lacks a column.
   */
  static load(file = join(dataDirectory(), 'airports.csv')): AirportTable {
    return new AirportTable(
      parseCsv(readFileSync(file, 'utf8'), ['iata', 'name', 'city', 'state', 'latitude', 'longitude']).map((row) => ({
        code: row.iata,
        name: row.name,
        city: row.city,
        state: row.state,
        latitude: Number(row.latitude),
        longitude: Number(row.longitude),
      })),
    );
  }

  get size(): number {
    return this.byCode.size;
  }

  find(code: string): Airport | undefined {
    return this.byCode.get(code);
  }

  /** Great-circle distance (haversine), miles. Kept per pair: the same routes come back all the time. */
  distanceMiles(from: Airport, to: Airport): number {
    const pair = `${from.code}-${to.code}`;
    let distance = this.distances.get(pair);
    if (distance === undefined) {
      distance = haversineMiles(from, to);
      this.distances.set(pair, distance);
    }
    return distance;
  }
}

function haversineMiles(from: Airport, to: Airport): number {
  const latitudeSine = Math.sin(((to.latitude - from.latitude) * RADIANS_PER_DEGREE) / 2);
  const longitudeSine = Math.sin(((to.longitude - from.longitude) * RADIANS_PER_DEGREE) / 2);
  const latitudeCosines = Math.cos(from.latitude * RADIANS_PER_DEGREE) * Math.cos(to.latitude * RADIANS_PER_DEGREE);
  const chord = latitudeSine ** 2 + latitudeCosines * longitudeSine ** 2;
  return 2 * EARTH_RADIUS_MILES * Math.asin(Math.min(1, Math.sqrt(chord)));
}
