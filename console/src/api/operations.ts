/** Types that follow from those of the operations. */
import type { Operations } from "./operations.gen.ts";

/** Method and path, as the API's document has them: `GET /appmesh/app/{app_name}`. */
export type Operation = keyof Operations;
/** What it takes: `path`, `query`, `body`. */
export type Input<O extends Operation> = Omit<Operations[O], "reply">;
/** What it answers when all went well. */
export type Reply<O extends Operation> = Operations[O]["reply"];
/** The input may be left out where all of it is optional. */
export type Arguments<O extends Operation, Options> =
  Record<string, never> extends Input<O> ? [input?: Input<O>, options?: Options] : [input: Input<O>, options?: Options];
