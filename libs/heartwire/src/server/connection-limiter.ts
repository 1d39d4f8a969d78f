import type { Clock } from '../timing/clock.js';
import { networkOf } from './network-of.js';

export interface ConnectionLimiterLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/** The log has a line on those who are turned away at most so often, in ms: they may be many. */
const TELL_EVERY_MS = 60_000;

/** Decides who may come in, before anything is spent on them. A socket counts until it is closed. */
export class ConnectionLimiter {
  private count = 0;
  private readonly byNetwork = new Map<string, number>();
  private toldAt = -Infinity;

  constructor(
    private readonly limits: ConnectionLimiterLimits,
    private readonly clock: Clock,
    private readonly warn: (message: string) => void,
  ) {}

  /** @param address of the other end; missing for a Unix socket. @returns whether it may; if so, `leave` must follow */
  enter(address: string | undefined): boolean {
    const { connections, connectionsPerAddress } = this.limits;
    if (this.count >= connections) return this.refuse('connections', connections, address);
    if (address !== undefined) {
      const network = networkOf(address);
      const present = this.byNetwork.get(network) ?? 0;
      if (present >= connectionsPerAddress)
        return this.refuse('connectionsPerAddress', connectionsPerAddress, address);
      this.byNetwork.set(network, present + 1);
    }
    this.count += 1;
    return true;
  }

  leave(address: string | undefined): void {
    this.count -= 1;
    if (address === undefined) return;
    const network = networkOf(address);
    const left = (this.byNetwork.get(network) ?? 1) - 1;
    if (left === 0) this.byNetwork.delete(network);
    else this.byNetwork.set(network, left);
  }

  private refuse(limit: keyof ConnectionLimiterLimits, max: number, address = 'a Unix socket'): false {
    const now = this.clock.now();
    if (now - this.toldAt >= TELL_EVERY_MS) {
      this.toldAt = now;
      this.warn(`Turning away ${address}, and who else comes: limits.${limit} is ${String(max)}`);
    }
    return false;
  }
}
