/** An event of a shop: the benchmarks' input. About 100 bytes as JSON. */
export interface Order {
  readonly id: number;
  readonly type: 'view' | 'click' | 'buy';
  readonly user: string;
  readonly page: string;
  readonly amount: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const TYPES = ['view', 'click', 'buy'] as const;
export const USERS = 10_000;

/** Where the clock of the generated events begins: 2026-01-01T00:00:00Z. */
export const FIRST_ORDER_MS = Date.UTC(2026, 0, 1);

/** The order at this position; the same in every run. The three types take turns. */
export function orderAt(index: number): Order {
  return {
    id: index,
    type: TYPES[index % TYPES.length] ?? 'view',
    // A multiplicative hash spreads the users over the partitions without a random generator.
    user: `user-${String((Math.imul(index, 2_654_435_761) >>> 0) % USERS).padStart(5, '0')}`,
    page: `/products/${String(index % 997).padStart(4, '0')}`,
    amount: (index % 10_000) / 100,
    at: FIRST_ORDER_MS + index,
  };
}

/** What the stateless benchmark keeps: two of three types. */
export function isWanted(order: Order): boolean {
  return order.type !== 'view';
}

/** What the stateless benchmark does to an order. */
export function withTax(order: Order): Order {
  return { ...order, amount: order.amount * 1.19 };
}

/** How many of the first `records` orders are wanted. */
export function wantedAmong(records: number): number {
  return records - Math.ceil(records / TYPES.length);
}
