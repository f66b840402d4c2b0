/**
 * The links between the hosts: delays, cuts of either direction, and connections that keep their order. What is sent
 * on a connection while the link is cut arrives after it heals, if both ends still hold the connection by then (TCP
 * retransmits, and a host whose power was cut does not); what is sent without one (the first packet of a connection)
 * is lost.
 */
import type { Ms } from '../../../src/core/units.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Random } from '../clock/random.ts';

/** Something that has an address: a host, or the clients' own. */
export interface Place {
  readonly name: string;
  /** How many times it has lost its memory, and with it what it would have sent again. */
  readonly powerCuts: number;
  receive(action: () => void): void;
}

/** What is wrong with one direction of a link. */
export interface Trouble {
  /** Nothing arrives. */
  readonly cut: boolean;
  /** A firewall answers every packet with a reset. */
  readonly refuses: boolean;
  readonly slowMs: Ms;
  /** Each packet takes up to so much longer, by chance. */
  readonly jitterMs: Ms;
  /** The share of packets that are lost; a connection sends them again after a while. */
  readonly lossShare: number;
}

const none: Trouble = { cut: false, refuses: false, slowMs: 0, jitterMs: 0, lossShare: 0 };
/** TCP's first retransmissions. */
const resendMs = { min: 200, max: 600 } as const;

export class Network {
  readonly #troubles = new Map<string, Trouble>();
  readonly #refusedUntil = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** One direction. */
  trouble(from: string, to: string, trouble: Partial<Trouble>): void {
    this.#troubles.set(link(from, to), { ...this.#trouble(from, to), ...trouble });
  }

  /** Whether anybody could have been refused there in the last so many milliseconds. */
  refusedWithin(from: string, to: string, withinMs: Ms): boolean {
    if (this.#trouble(from, to).refuses) return true;
    return this.#clock.mono() - (this.#refusedUntil.get(link(from, to)) ?? Number.NEGATIVE_INFINITY) <= withinMs;
  }

  cut(from: string, to: string): void {
    this.trouble(from, to, { cut: true });
  }

  heal(from: string, to: string): void {
    const direction = link(from, to);
    if (this.#troubles.get(direction)?.refuses === true) this.#refusedUntil.set(direction, this.#clock.mono());
    this.#troubles.delete(direction);
    const waiting = this.#waiting.get(direction) ?? [];
    this.#waiting.delete(direction);
    for (const resend of waiting) resend();
  }

  healAll(): void {
    for (const direction of [...this.#troubles.keys()]) {
      const [from, to] = direction.split('>');
      this.heal(from ?? '', to ?? '');
    }
  }

  /** One packet, which may be lost. `refused`: what its sender does about a reset. */
  packet(from: Place, to: Place, arrive: () => void, refused: () => void = () => {}): void {
    const trouble = this.#trouble(from.name, to.name);
    if (trouble.cut || this.#lost(trouble.lossShare)) return;
    if (trouble.refuses) this.#clock.timer(this.#delay(trouble), () => from.receive(refused));
    else this.#clock.timer(this.#delay(trouble), () => to.receive(arrive));
  }

  connect(near: Place, far: Place): Connection {
    return new Connection(this, near, far);
  }

  /** Used by a connection: in order, and after the cut when there is one. */
  deliver(connection: Connection, from: Place, to: Place, arrive: () => void): void {
    const trouble = this.#trouble(from.name, to.name);
    const { powerCuts } = from;
    if (trouble.cut) {
      const direction = link(from.name, to.name);
      const waiting = this.#waiting.get(direction) ?? [];
      waiting.push(() => {
        if (from.powerCuts === powerCuts) this.deliver(connection, from, to, arrive);
      });
      this.#waiting.set(direction, waiting);
      return;
    }
    const now = this.#clock.mono();
    if (trouble.refuses) {
      this.#clock.timer(this.#delay(trouble), () => from.receive(() => connection.reset(from)));
      return;
    }
    const lateMs = this.#lost(trouble.lossShare) ? this.#random.between(resendMs.min, resendMs.max) : 0;
    // What follows a lost packet is of no use without it, so all of it hangs on the sender until that is sent again.
    const sentAt = Math.max(now + lateMs, connection.lastSent(to));
    const at = Math.max(now + this.#delay(trouble) + lateMs, connection.lastArrival(to));
    connection.travels(to, sentAt, at);
    let isSent = true;
    if (sentAt > now)
      this.#clock.timer(sentAt - now, () => {
        isSent = from.powerCuts === powerCuts;
      });
    this.#clock.timer(at - now, () => {
      if (isSent) to.receive(arrive);
    });
  }

  #trouble(from: string, to: string): Trouble {
    return this.#troubles.size === 0 ? none : (this.#troubles.get(link(from, to)) ?? none);
  }

  #lost(share: number): boolean {
    return share > 0 && this.#random.chance(share);
  }

  #delay({ slowMs, jitterMs }: Trouble): Ms {
    const extraMs = slowMs + (jitterMs > 0 ? this.#random.between(0, jitterMs) : 0);
    return extraMs + (this.#random.chance(0.02) ? this.#random.between(2, 15) : this.#random.between(0.1, 1));
  }
}

/** One end of a connection. */
class End {
  closed = false;
  /** When the last packet to it, and all before it, will have left its sender for good. */
  lastSent = 0;
  lastArrival = 0;
  onClose: () => void = () => {};
}

/** Each end sees the other's close only when that arrives; an end that closed hears nothing more. */
export class Connection {
  readonly near: Place;
  readonly far: Place;
  readonly #network: Network;
  readonly #nearEnd = new End();
  readonly #farEnd = new End();

  constructor(network: Network, near: Place, far: Place) {
    this.#network = network;
    this.near = near;
    this.far = far;
  }

  isOpen(end: Place): boolean {
    return !this.#end(end).closed;
  }

  onClose(end: Place, action: () => void): void {
    this.#end(end).onClose = action;
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
    this.#network.deliver(this, end, other, () => this.reset(other));
    this.#end(end).closed = true;
  }

  /** Somebody between the two said that the connection is over; the other end does not hear of it. */
  reset(end: Place): void {
    const { closed, onClose } = this.#end(end);
    if (closed) return;
    this.#end(end).closed = true;
    onClose();
  }

  /** The end's host lost its memory: nobody tells the other. */
  forget(end: Place): void {
    this.#end(end).closed = true;
  }

  lastSent(end: Place): number {
    return this.#end(end).lastSent;
  }

  lastArrival(end: Place): number {
    return this.#end(end).lastArrival;
  }

  /** One more packet is on its way to this end. */
  travels(end: Place, sentAt: number, arrivesAt: number): void {
    this.#end(end).lastSent = sentAt;
    this.#end(end).lastArrival = arrivesAt;
  }

  #other(end: Place): Place {
    return end === this.near ? this.far : this.near;
  }

  #end(end: Place): End {
    return end === this.near ? this.#nearEnd : this.#farEnd;
  }
}

const link = (from: string, to: string) => `${from}>${to}`;
