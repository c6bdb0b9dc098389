/** Publish and subscribe among the parts of the yard. This one carries events within the process; redis-bus.ts also to other processes. */

/** What JSON can carry, so that nothing but data crosses the bus. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Bus<Topics extends { [Topic in keyof Topics]: Json }> {
  /** Resolves when the event is on its way. The listeners of this process have been called by then, in the order in which they
   *  subscribed, so who publishes "revoked" can rely on it here; those of other processes hear it soon, or, if the way to them is
   *  broken, not at all. It neither fails nor waits for them. */
  publish<Topic extends keyof Topics>(topic: Topic, event: Topics[Topic]): Promise<void>;
  /** Calls `listener` with every event from now on, until it is disposed of. A listener that throws or rejects disturbs nobody. */
  subscribe<Topic extends keyof Topics>(topic: Topic, listener: Listener<Topics[Topic]>): Disposable;
  /** Calls `listener` whenever events of other processes may have been missed: whoever keeps what events would change forgets it then.
   *  While the way is broken nobody is told, so what must act in time is also read again by the clock. */
  onResync(listener: () => void | Promise<void>): Disposable;
}

export type Listener<Event> = (event: Event) => void | Promise<void>;

export interface LocalBus<Topics extends { [Topic in keyof Topics]: Json }> extends Bus<Topics> {
  /** Calls those that listen for missed events. */
  resync(): void;
}

/** @param onError hears of every listener that threw, with the topic it was called for */
export function createBus<Topics extends { [Topic in keyof Topics]: Json }>({
  onError,
}: {
  onError: (error: unknown, topic: keyof Topics | "resync") => void;
}): LocalBus<Topics> {
  const listeners: { [Topic in keyof Topics]?: Set<Listener<Topics[Topic]>> } = {};
  const resyncing = new Set<Listener<void>>();

  return {
    async publish(topic, event) {
      for (const listener of [...(listeners[topic] ?? [])]) {
        Promise.try(listener, event).catch((error: unknown) => onError(error, topic));
      }
    },

    subscribe<Topic extends keyof Topics>(topic: Topic, listener: Listener<Topics[Topic]>) {
      const ofTopic = listeners[topic] ?? new Set<Listener<Topics[Topic]>>();
      listeners[topic] = ofTopic;
      return addTo(ofTopic, listener);
    },

    onResync: (listener) => addTo(resyncing, listener),

    resync() {
      for (const listener of [...resyncing]) {
        Promise.try(listener).catch((error: unknown) => onError(error, "resync"));
      }
    },
  };
}

function addTo<Event>(listeners: Set<Listener<Event>>, listener: Listener<Event>): Disposable {
  const added = (event: Event) => listener(event); // its own identity: the same function may subscribe twice
  listeners.add(added);
  return { [Symbol.dispose]: () => void listeners.delete(added) };
}
