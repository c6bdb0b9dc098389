/** Who listens to which command, so that one that has ended is forgotten with its last listener, and who comes back to one that goes on begins where
 *  the last one left off. */

/** Into each of a command's outputs, in bytes. */
export interface Place {
  readonly output: number;
  readonly errors: number;
}

export interface Attendance {
  isListenedTo(processId: string): boolean;
  /** @returns where the last listener left off, unless there is another; then, and if there was none, undefined */
  join(processId: string): Place | undefined;
  /** @param place how far it has listened, if the command goes on
   *  @returns whether it was the last one */
  leave(processId: string, place: Place | undefined): boolean;
}

/** Commands that ended while nobody listened leave a place that nobody asks for: the oldest go first. */
const mostPlaces = 10_000;

export function createAttendance(): Attendance {
  const listeners = new Map<string, number>();
  const places = new Map<string, Place>();
  return {
    isListenedTo: (processId) => listeners.has(processId),
    join(processId) {
      const others = listeners.get(processId) ?? 0;
      listeners.set(processId, others + 1);
      const place = others === 0 ? places.get(processId) : undefined;
      places.delete(processId);
      return place;
    },
    leave(processId, place) {
      const others = (listeners.get(processId) ?? 1) - 1;
      if (others > 0) {
        listeners.set(processId, others);
        return false;
      }
      listeners.delete(processId);
      if (place) places.set(processId, place);
      const [oldest] = places.keys();
      if (places.size > mostPlaces && oldest !== undefined) places.delete(oldest);
      return true;
    },
  };
}
