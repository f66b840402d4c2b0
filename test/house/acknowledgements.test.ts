import { describe, expect, test } from 'vitest';
import { Acknowledgements } from '../../scripts/rig/acknowledgements.ts';

/** One writer whose rows are acknowledged at these instants. */
function acknowledgedAt(...instants: readonly number[]): Acknowledgements {
  const acknowledgements = new Acknowledgements(1);
  for (const atMono of instants) acknowledgements.acknowledged(0, acknowledgements.next(0), atMono);
  return acknowledgements;
}

describe('what a client knows of its rows', () => {
  test('a row is acknowledged only once it was', () => {
    const acknowledgements = new Acknowledgements(2);
    const first = acknowledgements.next(1);
    const second = acknowledgements.next(1);
    acknowledgements.acknowledged(1, second, 5);
    expect([first, second, 3].map((row) => acknowledgements.wasAcknowledged(1, row))).toEqual([false, true, false]);
    expect(acknowledgements.wasAcknowledged(0, 1)).toBe(false);
    expect([acknowledgements.acknowledgedCount, acknowledgements.unknownCount]).toEqual([1, 1]);
  });

  test('no row is acknowledged twice', () => {
    const acknowledgements = acknowledgedAt(1);
    expect(() => acknowledgements.acknowledged(0, 1, 2)).toThrow('acknowledged twice');
  });

  test('an outage is a gap of 50 ms or more, longest first', () => {
    const outages = acknowledgedAt(0, 49, 99, 400, 401).outages(0, 401);
    expect(outages.map(({ fromMono, toMono }) => [fromMono, toMono])).toEqual([
      [99, 400],
      [49, 99],
    ]);
    expect(outages[0]?.lengthMs).toBe(301);
  });

  test('an outage that has not ended reaches to now', () => {
    expect(acknowledgedAt(0, 10).outages(0, 500)).toEqual([{ fromMono: 10, toMono: 500, lengthMs: 490 }]);
  });

  test('only outages that overlap the window are given', () => {
    const acknowledgements = acknowledgedAt(0, 100, 200, 1_000, 1_100);
    expect(acknowledgements.outages(900, 1_020).map(({ fromMono }) => fromMono)).toEqual([200, 1_000]);
    expect(acknowledgements.outages(150, 160).map(({ fromMono }) => fromMono)).toEqual([100]);
  });

  test('another writer that is served ends the outage of all', () => {
    const acknowledgements = new Acknowledgements(2);
    acknowledgements.next(0);
    for (let at = 0; at <= 300; at += 30) acknowledgements.acknowledged(1, acknowledgements.next(1), at);
    acknowledgements.acknowledged(0, 1, 310);
    expect(acknowledgements.outages(0, 310)).toEqual([]);
  });
});
