import type { FlightStatus } from '../flights/flight.js';

export const ROUTES = ['on-time', 'late', 'cancelled', 'unreadable'] as const;
export type Route = FlightStatus | 'unreadable';

/** What one route received: how many records, and a sum that a wrong or doubled record would change. */
export interface RouteCount {
  readonly records: number;
  /** Sum of the delays in minutes; 0 where there are none. */
  readonly delayMinutes: number;
}

export type RouteCounts = Readonly<Record<Route, RouteCount>>;

/** The routes whose figures differ. Empty: the two agree. */
export function disagreements(left: RouteCounts, right: RouteCounts): Route[] {
  return ROUTES.filter(
    (route) => left[route].records !== right[route].records || left[route].delayMinutes !== right[route].delayMinutes,
  );
}

export function totalRecords(counts: RouteCounts): number {
  return ROUTES.reduce((sum, route) => sum + counts[route].records, 0);
}
