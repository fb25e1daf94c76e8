import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const idBytes = 16;
/** Random bytes are asked for in such a number at once: one by one they cost more than the id's HMAC. */
const pool = Buffer.alloc(256 * idBytes);
let used = pool.length;
let last = { msecs: 0, seq: 0 };

/** A UUIDv7 (RFC 9562, 5.7): ids of one process are in the order of their making, also within a millisecond. */
export function deliveryId(now = Date.now()): string {
  const random = randomPart();
  // Upwards from a random start in each millisecond; a clock that is set back does not set ids back.
  last =
    now > last.msecs
      ? { msecs: now, seq: random.readUInt32BE(6) >>> 1 }
      : { msecs: last.msecs, seq: last.seq + 1 };
  return v7({ ...last, random });
}

function randomPart(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += idBytes;
  return pool.subarray(used - idBytes, used);
}
