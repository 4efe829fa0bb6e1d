import type { ReplayGuest } from '@molar/trace-capture';
import { Guest } from './guest.js';
import { readOrder } from './order.js';

export { Relay } from './relay.js';

/** Opens the guest that carries out an order in this worker. Throws a sentence when the order or its trace cannot be read. */
export function openGuest(order: string): ReplayGuest {
  return new Guest(readOrder(order));
}
