/** A flight as the loader writes it, with the field names of the published files. */
export interface RawFlight {
  /** Departure, local time at the origin: `2001/01/31 23:59`. */
  readonly date: string;
  /** Arrival delay in minutes, negative when early; `null` for a flight that was cancelled. */
  readonly delay: number | null;
  /** Miles. */
  readonly distance: number;
  /** Airport code. */
  readonly origin: string;
  /** Airport code. */
  readonly destination: string;
}

export const FLIGHT_STATUSES = ['on-time', 'late', 'cancelled'] as const;
export type FlightStatus = (typeof FLIGHT_STATUSES)[number];

/** A flight after validation: every field present, of one type, and plausible. */
export interface Flight {
  readonly status: FlightStatus;
  /** Local time at the origin, ISO 8601 without offset (the data do not say which zone): `2001-01-31T23:59:00`. */
  readonly departure: string;
  /** `<origin>-<destination>` */
  readonly route: string;
  readonly origin: string;
  readonly originCity: string;
  readonly destination: string;
  readonly destinationCity: string;
  /** Minutes behind schedule at arrival, negative when early; `null` when cancelled. */
  readonly delayMinutes: number | null;
  readonly distanceKm: number;
}

/** A flight that arrives this many minutes behind schedule or more is late (rule of the US Department of Transportation). */
export const LATE_FROM_MINUTES = 15;
