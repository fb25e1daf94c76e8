import protocol from '@temporalio/proto';
import type { temporal } from '@temporalio/proto';

const { History } = protocol.temporal.api.history.v1;
type History = temporal.api.history.v1.IHistory;

// What names the machine that a run was recorded on.
const machine = ['identity', 'stackTrace'];

// The SDK's own historyToJSON needs a single protobufjs in node_modules, and npm installs several: it
// fails with "type must be a Type". The static classes convert without it.

/** A run's history as JSON text, without the name of the machine it ran on. */
export const historyToJson = (history: History): string =>
  JSON.stringify(
    History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String }),
    (key, value: unknown) => (machine.includes(key) ? '' : value),
    1,
  );

/** A history from that JSON, for a replay. */
export const historyFromJson = (json: string): History =>
  History.fromObject(JSON.parse(json) as Record<string, unknown>);
