/** Publish and subscribe among the parts of the yard. This one carries events within the process. */

/** What JSON can carry, so that nothing but data crosses the bus. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Bus<Topics extends { [Topic in keyof Topics]: Json }> {
  /** Resolves when the event is on its way. The listeners of this process have been called by then, in the order in which they
   *  subscribed, so who publishes "revoked" can rely on it here; those of other processes hear it soon. */
  publish<Topic extends keyof Topics>(topic: Topic, event: Topics[Topic]): Promise<void>;
  /** Calls `listener` with every event from now on, until it is disposed of. A listener that throws or rejects disturbs nobody. */
  subscribe<Topic extends keyof Topics>(topic: Topic, listener: Listener<Topics[Topic]>): Disposable;
}

export type Listener<Event> = (event: Event) => void | Promise<void>;

/** @param onError hears of every listener that threw, with the topic it was called for */
export function createBus<Topics extends { [Topic in keyof Topics]: Json }>({
  onError,
}: {
  onError: (error: unknown, topic: keyof Topics) => void;
}): Bus<Topics> {
  const listeners: { [Topic in keyof Topics]?: Set<Listener<Topics[Topic]>> } = {};

  return {
    async publish(topic, event) {
      for (const listener of [...(listeners[topic] ?? [])]) {
        Promise.try(listener, event).catch((error: unknown) => onError(error, topic));
      }
    },

    subscribe<Topic extends keyof Topics>(topic: Topic, listener: Listener<Topics[Topic]>) {
      const subscribed = (event: Topics[Topic]) => listener(event); // its own identity: the same function may subscribe twice
      const ofTopic = listeners[topic] ?? new Set<Listener<Topics[Topic]>>();
      listeners[topic] = ofTopic;
      ofTopic.add(subscribed);
      return { [Symbol.dispose]: () => void ofTopic.delete(subscribed) };
    },
  };
}
