import assert from 'node:assert/strict';
import fc from 'fast-check';
import { departureMs, readDeparture } from '../../dist/flights/departure.js';
import { UnreadableFlightError } from '../../dist/flights/unreadable-flight-error.js';

describe('departure', () => {
  it('should read every minute that exists back to the same minute', () => {
    const minute = fc.date({
      min: new Date('1903-12-17T00:00:00Z'),
      max: new Date('9999-12-31T23:59:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(minute, (date) => {
        const iso = date.toISOString().slice(0, 16);
        const text = iso.replace('T', ' ').replaceAll('-', '/');
        assert.equal(readDeparture(text), `${iso}:00`);
        assert.equal(departureMs(text), Math.floor(date.getTime() / 60_000) * 60_000);
      }),
    );
  });

  it('should refuse days, hours and minutes that do not exist', () => {
    for (const text of [
      '2001/02/29 10:00',
      '2001/00/10 10:00',
      '2001/13/01 10:00',
      '2001/04/31 10:00',
      '2001/01/01 24:00',
      '2001/01/01 10:60',
    ]) {
      assert.throws(() => readDeparture(text), isImpossibleDate, text);
    }
    assert.equal(readDeparture('2004/02/29 10:00'), '2004-02-29T10:00:00');
  });

  it('should refuse other ways to write a date', () => {
    for (const text of [
      '',
      '2001-01-01 10:00',
      '2001/1/1 10:00',
      ' 2001/01/01 10:00',
      '2001/01/01 10:00:00',
      '2001/01/01T10:00',
    ]) {
      assert.throws(() => readDeparture(text), isImpossibleDate, text);
    }
  });
});

function isImpossibleDate(error: unknown): boolean {
  return error instanceof UnreadableFlightError && error.reason === 'impossible-date';
}
