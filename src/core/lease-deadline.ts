/** I5: how long a lease may be believed. */
import { after, type MonoMs, type Ms } from './units.ts';

/**
 * When this host must have stopped. Counted from the SEND of the renewal that etcd confirmed, because its TTL may have
 * started then; the margin covers the guardian's own lateness and the time a fence takes.
 */
export const leaseDeadline = (sentMono: MonoMs, ttlMs: Ms, marginMs: Ms): MonoMs => after(sentMono, ttlMs - marginMs);
