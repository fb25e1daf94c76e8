import { expect, test } from 'vitest';
import { zonedTime } from '../../src/providers/zoned-time.ts';

test.each([
  ['2015-05-17 18:08:09 UTC', '2015-05-17T18:08:09.000Z'],
  ['2013-12-03T17:23:34Z', '2013-12-03T17:23:34.000Z'],
  ['2021-02-23T02:41:37.886Z', '2021-02-23T02:41:37.886Z'],
  ['2022-11-03T20:26:10.344522Z', '2022-11-03T20:26:10.344Z'],
  ['2021-04-28 21:50:00 +0200', '2021-04-28T19:50:00.000Z'],
  ['2011-12-12T14:27:31+02:00', '2011-12-12T12:27:31.000Z'],
  ['2015-05-17 18:08:09', undefined],
  ['2015-05-17', undefined],
  ['2015-13-17 18:08:09 UTC', undefined],
  ['18:08', undefined],
  ['', undefined],
  [1_700_000_000, undefined],
  [null, undefined],
])('%j is %j', (text, time) => {
  expect(zonedTime(text)).toBe(time);
});
