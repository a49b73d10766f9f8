import assert from 'node:assert/strict';
import { AirportTable } from '../../dist/airports/airport-table.js';

describe('AirportTable', () => {
  const airports = AirportTable.load();

  it('should load all airports of vega-datasets', () => {
    assert.equal(airports.size, 3376);
    assert.deepEqual(airports.find('LAX'), {
      code: 'LAX',
      name: 'Los Angeles International',
      city: 'Los Angeles',
      state: 'CA',
      latitude: 33.94253611,
      longitude: -118.4080744,
    });
    assert.equal(airports.find('???'), undefined);
  });

  it('should measure the great circle, the same in both directions', () => {
    const newYork = airports.find('JFK');
    const losAngeles = airports.find('LAX');
    assert.ok(newYork !== undefined && losAngeles !== undefined);
    const distance = airports.distanceMiles(newYork, losAngeles);
    assert.ok(Math.abs(distance - 2475) < 10, `JFK-LAX is about 2475 miles, not ${distance}`);
    assert.equal(airports.distanceMiles(losAngeles, newYork), distance);
  });
});
