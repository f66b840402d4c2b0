/**
 * The links between the hosts: delays, cuts of either direction, and connections that keep their order. What is sent
 * on a connection while the link is cut arrives after it heals, if both ends still hold the connection by then (TCP
 * retransmits); what is sent without one (the first packet of a connection) is lost.
 */
import type { Ms } from '../../src/core/units.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Random } from './random.ts';

/** Something that has an address: a host, or the clients' own. */
export interface Place {
  readonly name: string;
  receive(action: () => void): void;
}

export class Network {
  readonly #cut = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #clock: Clock;
  readonly #random: Random;
  /** Extra delay of one direction, for slow links. */
  readonly #slowMs = new Map<string, Ms>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Cuts one direction. */
  cut(from: string, to: string): void {
    this.#cut.add(link(from, to));
  }

  slow(from: string, to: string, extraMs: Ms): void {
    this.#slowMs.set(link(from, to), extraMs);
  }

  heal(from: string, to: string): void {
    const direction = link(from, to);
    this.#slowMs.delete(direction);
    this.#cut.delete(direction);
    const waiting = this.#waiting.get(direction) ?? [];
    this.#waiting.delete(direction);
    for (const resend of waiting) resend();
  }

  healAll(): void {
    for (const direction of new Set([...this.#cut, ...this.#slowMs.keys()])) {
      const [from, to] = direction.split('>');
      this.heal(from ?? '', to ?? '');
    }
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.has(link(from, to));
  }

  /** One packet. Lost while the link is cut. */
  packet(from: Place, to: Place, arrive: () => void): void {
    if (this.isCut(from.name, to.name)) return;
    this.#clock.timer(this.#delay(from, to), () => to.receive(arrive));
  }

  connect(near: Place, far: Place): Connection {
    return new Connection(this, near, far);
  }

  /** Used by a connection: in order, and after the cut when there is one. */
  deliver(connection: Connection, from: Place, to: Place, arrive: () => void): void {
    const direction = link(from.name, to.name);
    if (this.#cut.has(direction)) {
      const waiting = this.#waiting.get(direction) ?? [];
      waiting.push(() => this.deliver(connection, from, to, arrive));
      this.#waiting.set(direction, waiting);
      return;
    }
    const now = this.#clock.mono();
    const at = Math.max(now + this.#delay(from, to), connection.lastArrival(to));
    connection.arrivesAt(to, at);
    this.#clock.timer(at - now, () => to.receive(arrive));
  }

  #delay(from: Place, to: Place): Ms {
    const extra = this.#slowMs.get(link(from.name, to.name)) ?? 0;
    return extra + (this.#random.chance(0.02) ? this.#random.between(2, 15) : this.#random.between(0.1, 1));
  }
}

/** Each end sees the other's close only when that arrives; an end that closed hears nothing more. */
export class Connection {
  readonly near: Place;
  readonly far: Place;
  readonly #network: Network;
  readonly #closed = new Set<Place>();
  readonly #lastArrival = new Map<Place, number>();
  readonly #onClose = new Map<Place, () => void>();

  constructor(network: Network, near: Place, far: Place) {
    this.#network = network;
    this.near = near;
    this.far = far;
  }

  isOpen(end: Place): boolean {
    return !this.#closed.has(end);
  }

  onClose(end: Place, action: () => void): void {
    this.#onClose.set(end, action);
  }

  send(from: Place, arrive: () => void): void {
    const to = this.#other(from);
    if (!this.isOpen(from)) return;
    this.#network.deliver(this, from, to, () => {
      if (this.isOpen(to)) arrive();
    });
  }

  /** Closes this end and tells the other (FIN or RST). */
  close(end: Place): void {
    if (!this.isOpen(end)) return;
    const other = this.#other(end);
    this.#network.deliver(this, end, other, () => {
      if (!this.isOpen(other)) return;
      this.#closed.add(other);
      this.#onClose.get(other)?.();
    });
    this.#closed.add(end);
  }

  /** The end's host lost its memory: nobody tells the other. */
  forget(end: Place): void {
    this.#closed.add(end);
  }

  lastArrival(end: Place): number {
    return this.#lastArrival.get(end) ?? 0;
  }

  arrivesAt(end: Place, at: number): void {
    this.#lastArrival.set(end, at);
  }

  #other(end: Place): Place {
    return end === this.near ? this.far : this.near;
  }
}

const link = (from: string, to: string) => `${from}>${to}`;
