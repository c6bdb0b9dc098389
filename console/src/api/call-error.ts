/** Why a call has failed, in words for a person. */

export class CallError extends Error {
  /** Of the reply; 0 when there was none. */
  readonly status: number;

  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }

  /** The yard could not be reached, or is not ready: the same call may well work soon. */
  get isAway(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** The sentence in an error's body: each API has a place of its own for it. */
export async function errorOf(response: Response): Promise<CallError> {
  const text = await response.text().catch(() => "");
  const said = sentenceIn(text) ?? `The yard answered ${response.status} ${response.statusText}`.trim();
  return new CallError(said, response.status);
}

function sentenceIn(text: string): string | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined; // a proxy's page, say
  }
  const { message, error, msg } = Object(body) as Record<string, unknown>;
  const nested = Object(error) as Record<string, unknown>;
  return [message, nested.message, error, msg].find((each): each is string => typeof each === "string" && each !== "");
}

/** What to show of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
