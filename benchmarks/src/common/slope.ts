const MILLION = 1_000_000;

/** A value seen when so many records had been processed. */
export interface Point {
  readonly records: number;
  readonly value: number;
}

/** Growth of the value per million records: the slope of the straight line with the least squares. */
export function slopePerMillion(points: readonly Point[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanRecords = mean(points.map(({ records }) => records));
  const meanValue = mean(points.map(({ value }) => value));
  let covariance = 0;
  let variance = 0;
  for (const { records, value } of points) {
    covariance += (records - meanRecords) * (value - meanValue);
    variance += (records - meanRecords) ** 2;
  }
  return variance === 0 ? 0 : (covariance / variance) * MILLION;
}
